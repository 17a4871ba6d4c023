"""The attendee's page on a telephone: scanners first, then a person with one thumb (D3, D4)."""

from __future__ import annotations

import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import icalendar
import pytest
from playwright.sync_api import expect

from app.core.clock import now
from tests.e2e.conftest import ROOT, Area
from tests.e2e.steps import code_in, letters_to, link_in, wait_for_letter
from tests.factories.replies import Said, outlook

pytestmark = pytest.mark.browser


class Invited(NamedTuple):
    address: str
    link: str


@pytest.fixture
def invited(area: Area) -> Invited:
    """Somebody of an agency, not a team, whose entry stands and lies ahead with a number to dial.

    Whom the example week invites to what depends on the hour at which it was started.
    """
    standing: dict[str, tuple[str, EmailMessage]] = {}
    for letter in letters_to(area, "@", 0):
        for part in letter.walk():
            if part.get_content_type() == "text/calendar":
                entry = icalendar.Calendar.from_ical(part.get_content())
                (event,) = entry.walk("VEVENT")
                standing[str(event["UID"])] = (str(entry["METHOD"]), letter)
                if event.get("DTSTART").dt < now() or "CONFERENCE" not in event:
                    del standing[str(event["UID"])]
    for method, letter in standing.values():
        to = str(letter["To"])
        if method == "REQUEST" and "@council." not in to and "team" not in to:
            return Invited(str(letter["To"].addresses[0].addr_spec), link_in(letter))
    raise AssertionError("the example area has invited nobody to a call that lies ahead")


def test_a_scanner_sees_and_changes_nothing(area, new_browser, invited):
    """A program that opens every link of a mail in a browser of its own, with scripts."""
    link = invited.link
    began = time.time()
    for scripts in (True, False):
        page = new_browser(scripts=scripts)
        sent = []
        page.on("request", lambda request, sent=sent: sent.append(request))
        page.goto(link)
        page.wait_for_timeout(1500)
        assert {request.method for request in sent} == {"GET"}
        for request in sent:
            assert link.rpartition("/")[2] not in request.headers.get("referer", "")
        assert page.context.request.head(link).status == 200
    assert not [
        m for m in letters_to(area, invited.address, began) if "code" in str(m["Subject"]).lower()
    ]


@pytest.mark.parametrize("scripts", [True, False])
def test_an_attendee_with_one_thumb(area, new_browser, looked, invited, scripts):
    page = new_browser(scripts=scripts, width=360, height=740)
    page.goto(invited.link)
    asked = time.time() - 1
    page.get_by_role("button", name="Send me a code").click()
    field = page.locator("input[autocomplete='one-time-code']")
    field.wait_for()
    letter = wait_for_letter(
        area, invited.address, asked, lambda m: "code" in str(m["Subject"]).lower()
    )
    field.fill(code_in(letter))
    page.keyboard.press("Enter")
    page.wait_for_url("**/attend")
    dial = page.locator(".app-guest__dial")
    assert dial.bounding_box()["y"] < 740, "dialling in wants scrolling"
    assert (dial.get_attribute("href") or "").startswith("tel:+44")
    looked.at(page)
    page.locator("#colleague summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name='colleague-name']")).to_be_visible()
    page.locator("#report summary").click()
    looked.at(page)
    page.locator("[name='report-body']").fill("Seen twice this term.")
    page.get_by_role("button", name="Send").filter(has_text="report").click()
    expect(page.locator("main")).to_contain_text("Received")
    page.get_by_role("button", name="I dial in").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("You said that you will dial in")
    looked.at(page)


def test_mail_that_came_in_is_seen_to(area, new_browser, looked):
    stray = Said(uid="11111111-2222-4333-8444-555555555555", email="paula.jennings@health.example")
    raw = outlook(stray)
    taken = subprocess.run(
        [sys.executable, "-m", "flask", "mail", "receive"], input=raw, cwd=Path(ROOT),
        env={"DATA_DIR": str(area.data_dir), "EXAMPLE_AREA": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert taken.returncode == 0, taken.stderr
    page = new_browser("administrator@council.example")
    page.locator("#mail-waits").click()
    page.locator("#waiting a").last.click()
    expect(page.locator("main")).to_contain_text("was not sent from here")
    looked.at(page)
    page.get_by_role("button", name="Close this mail").click()
    expect(page.locator("main")).to_contain_text("Say what was done")
    page.locator("[name='close-done']").fill("Not one of ours")
    page.get_by_role("button", name="Close this mail").click()
    expect(page.locator("main")).to_contain_text("The mail is closed")
    # What could not be delivered, with its line of what to do.
    page.goto("/deliveries")
    expect(page.get_by_role("button", name="Mark as seen").first).to_be_visible()
