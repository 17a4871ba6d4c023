"""What people do, one function each, the same with scripts and without."""

from __future__ import annotations

import email
import re
import time
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.conftest import PASSWORD, Area

PATIENCE = 90.0


def code_of(page: Page, address: str) -> str:
    """The second-factor code that the example area shows beside this address."""
    beside = page.context.new_page()
    beside.goto("/sign-in")
    row = beside.locator("tr", has_text=address)
    code = re.sub(r"\D", "", row.locator("td").last.inner_text())
    beside.close()
    return code


def own_code(page: Page) -> str:
    """The code that the example area shows where somebody signed in is asked for it again."""
    return re.sub(r"\D", "", page.locator("[data-example-code]").inner_text())


def sign_in(page: Page, address: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    field = page.locator("input[autocomplete='one-time-code']")
    field.wait_for()
    arrived = page.get_by_role("heading", name="What to do next")
    deadline = time.monotonic() + PATIENCE
    # A code works once: after several sign-ins in a row the one shown is good a moment later.
    while time.monotonic() < deadline:
        if field.count():
            field.fill(code_of(page, address))
            page.locator("main button[type='submit']").first.click()
        try:
            arrived.wait_for(timeout=10_000)
        except PlaywrightTimeout:
            continue
        return
    raise AssertionError(f"{address} could not sign in")


def letters_to(area: Area, address: str, since: float) -> list[EmailMessage]:
    """Messages in the folder for this address that came after `since`, the oldest first."""
    found = []
    for file in sorted((area.data_dir / "mail").glob("*.eml"), key=_written):
        if _written(file) >= since:
            message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
            assert isinstance(message, EmailMessage)
            if address in str(message["To"]):
                found.append(message)
    return found


def wait_for_letter(
    area: Area, address: str, since: float, fits: Callable[[EmailMessage], bool]
) -> EmailMessage:
    """The newest message to this address that fits, as soon as the worker delivered it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for message in reversed(letters_to(area, address, since)):
            if fits(message):
                return message
        time.sleep(0.2)
    raise AssertionError(f"no such letter came to {address}")


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(message: EmailMessage) -> str:
    """The path of the personal link."""
    found = re.search(r"https?://[^/\s]+(/i/\S+)", text_of(message))
    assert found, "the letter holds no link"
    return found[1]


def code_in(message: EmailMessage) -> str:
    found = re.search(r"\b(\d{3}) ?(\d{3})\b", text_of(message))
    assert found, "the letter holds no code"
    return found[1] + found[2]


def _written(file: Path) -> float:
    return file.stat().st_mtime
