"""Each kind of letter as a mail program draws it, on a telephone and on a desk (D1, I3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, sync_playwright

from app.core.mail import FinishedMessage
from app.invitations.enclosures import form_letter
from app.invitations.link_letters import link_letters, notice_letters
from app.invitations.types import Desk, LetterKind, Notice
from tests.chromium import launched
from tests.clock import FRIDAY
from tests.e2e.looking import AXE, OPTIONS
from tests.integration.mail_journey.seen import Journey
from tests.integration.mail_journey.steps import BEHIND_LINKS, DISAGREED, OF_ACTIONS, TO_STAFF

pytestmark = [
    pytest.mark.browser,
    # What a letter says does not depend on the database.
    pytest.mark.parametrize("journey", ["sqlite"], indirect=True),
]
NARROW, WIDE = 320, 640
DESK, PATH = "rna-desk@example.org", "/i/a-link-of-nobody"
WRITTEN_BELOW = {*TO_STAFF, *OF_ACTIONS, *DISAGREED, *BEHIND_LINKS, "told"}
LINKED = (
    LetterKind.RECORD, LetterKind.RECORD_REMINDER, LetterKind.RECORD_RECALLED, LetterKind.ACTIONS,
    LetterKind.ACTIONS_SOON, LetterKind.ACTIONS_LATE, LetterKind.ACTIONS_HANDED, LetterKind.REQUEST,
    LetterKind.REQUEST_REMINDER, LetterKind.OUTCOME,
)  # fmt: skip
# A letter is no page: it has no landmarks, and its subject is its heading.
_OF_PAGES = {"landmark-one-main", "page-has-heading-one", "region"}
_REFERENCE = re.compile(r"\b[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)\S+")


class Drawn(NamedTuple):
    """A letter to be drawn; `link` is the path of its personal link, empty where it has none."""

    kind: str
    message: EmailMessage
    link: str

    def part(self, subtype: str) -> str:
        body = self.message.get_body((subtype,))
        assert body is not None
        return str(body.get_content())


@pytest.fixture(scope="module")
def page(journey: Journey) -> Iterator[Page]:
    """Asked for after the journey: Playwright holds an event loop in this thread."""
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser.new_page()
        browser.close()


@pytest.fixture(scope="module")
def letters(journey: Journey) -> list[Drawn]:
    """One letter of each kind: of each step of the journey each subject, with and without a link;
    and those that are a link and a few words, each as it is written."""
    found: dict[tuple[str, str, bool], Drawn] = {}
    for step, sent in journey.steps.items():
        for one in sent if step not in WRITTEN_BELOW else ():
            subject = _REFERENCE.sub("", one.subject)
            kind = (step, subject, one.link is None)
            found.setdefault(kind, Drawn(f"{step}: {subject}", one.message, one.link or ""))
    return [*found.values(), *_written()]


def _written() -> Iterator[Drawn]:
    desk = Desk("R&A desk", DESK, "01632 960100", "01632 960199")
    link = f"http://desk.example.org{PATH}"
    reader = ("Vera Hollis", "vera@nhs.example")
    for kind in LINKED:
        [made] = link_letters(kind, desk, "SD-7K3M-9QXA", [(*reader, link)], FRIDAY)
        yield Drawn(kind.value, _read(made), PATH)
    for notice in Notice:
        due = "Friday 20 November 2026 at 4:45 pm"
        [made] = notice_letters(notice, desk, "SD-7K3M-9QXA", due, link, [reader], FRIDAY)
        yield Drawn(notice.value, _read(made), PATH)
    for again in (False, True):
        form = form_letter(desk, "SD-7K3M-9QXA", reader[1], FRIDAY, link=link, again=again)
        yield Drawn(f"form, {again=}", _read(form), PATH)


def _read(made: FinishedMessage) -> EmailMessage:
    message = message_from_bytes(made.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def draw(page: Page, letter: Drawn, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(letter.part("html"))


def test_no_letter_is_wider_than_the_window(letters: list[Drawn], page: Page) -> None:
    wide = []
    for letter in letters:
        for width in (NARROW, WIDE):
            draw(page, letter, width)
            drawn = page.evaluate("document.documentElement.scrollWidth")
            if drawn > width:
                wide.append(f"{letter.kind} is {drawn} px wide in {width}")
    assert not wide


def test_axe_finds_nothing_in_a_letter(letters: list[Drawn], page: Page) -> None:
    axe, found = AXE.read_text(encoding="utf-8"), []
    for letter in letters:
        draw(page, letter, WIDE)
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(axe)
        said = page.evaluate("options => axe.run(document, options)", OPTIONS)
        for problem in said["violations"]:
            if problem["id"] not in _OF_PAGES:
                found.append(f"{letter.kind}: {problem['id']} {problem['nodes'][0]['target']}")
    assert not found


def test_what_can_be_pressed_leads_to_the_product_or_the_desk(
    letters: list[Drawn], page: Page
) -> None:
    """To the product or the desk; and is large enough for a thumb, where it stands by itself."""
    for letter in letters:
        draw(page, letter, NARROW)
        links = page.evaluate(
            "[...document.links].map(one => [one.href, one.getBoundingClientRect().height,"
            " one.closest('table.b') !== null])"
        )
        for href, height, is_button in links:
            ours = (
                "http://desk.example.org/", f"mailto:{DESK}", f"mailto:{letter.message['To']}",
                "tel:+44",
            )  # fmt: skip
            assert href.startswith(ours), f"{letter.kind}: {href}"
            assert not is_button or height >= 40, f"{letter.kind}: {height} px"
        assert any(href.endswith(letter.link) for href, *_ in links) or not letter.link


def test_the_plain_text_says_the_same(letters: list[Drawn], page: Page) -> None:
    for letter in letters:
        draw(page, letter, WIDE)
        drawn, plain = words(page.locator("body").inner_text()), words(letter.part("plain"))
        assert drawn and drawn == plain, f"{letter.kind}: {drawn ^ plain}"


def words(text: str) -> set[str]:
    """Every word and number, but for addresses, which one part shows and the other leads to."""
    return set(re.findall(r"\w+", _ADDRESS.sub(" ", text).casefold()))
