"""Parts of a page that are put in anew leave whoever works by keyboard where they were, in real
Chromium (I3; WCAG 2.4.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.records.models import Circulation, RecordVersion
from tests.e2e.conftest import Area
from tests.e2e.entering import changed
from tests.e2e.test_desk import booked, silent

pytestmark = pytest.mark.browser
ADMINISTRATOR = "administrator@council.example"


def held(page: Page) -> list[str]:
    """What has the focus: its name in the page, and in which part it stands."""
    found: list[str] = page.evaluate(
        "() => [document.activeElement.tagName, document.activeElement.textContent.trim()]"
    )
    return found


def anew(page: Page, part: str, swap: str) -> None:
    """The part is fetched as its own timer does."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.evaluate(
            "([target, swap]) => { htmx.ajax('GET', location.pathname, {target, swap}); }",
            [part, swap],
        )
    page.wait_for_timeout(300)


def stays(page: Page, one: Locator, part: str, swap: str) -> None:
    one.focus()
    before, scrolled = held(page), page.evaluate("window.scrollY")
    assert before[0] in ("A", "BUTTON")
    anew(page, part, swap)
    assert held(page) == before
    assert abs(page.evaluate("window.scrollY") - scrolled) < 60


def test_what_is_fresh_by_itself_takes_no_focus_away(
    new_browser: Callable[..., Page], area: Area
) -> None:
    page = new_browser(ADMINISTRATOR)
    page.goto("/")
    plain = page.locator("#first-page a:not([id])")
    stays(page, plain.nth(plain.count() - 1), "#first-page", "innerHTML")
    sent = (
        select(Meeting.ref)
        .join(RecordVersion, RecordVersion.meeting_id == Meeting.id)
        .join(Circulation, Circulation.version_id == RecordVersion.id)
        .where(Meeting.state == MeetingState.SIGNED)
    )
    with changed(area) as session:
        ref = session.execute(sent.limit(1)).scalar_one()
    page.goto(f"/discussions/{ref}/record/circulate")
    stays(page, page.locator("#ledger a").last, "#ledger", "outerHTML")


def test_what_came_of_a_call_leaves_the_focus_at_its_card(
    new_browser: Callable[..., Page],
) -> None:
    page = new_browser("chair@council.example")
    booked(page, "/calls", silent)
    person = silent(page).first.get_attribute("id")
    card = page.locator(f"#{person}")
    for words in ("Message left", "Spoke"):
        press = card.get_by_role("button", name=words)
        press.focus()
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            press.press("Enter")
        page.wait_for_timeout(300)
        here = page.evaluate(
            "id => document.activeElement.closest('li.app-call')?.id === id", person
        )
        assert here, words
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_child_taken_off_the_form_leaves_the_focus_in_it(
    new_browser: Callable[..., Page],
) -> None:
    page = new_browser(ADMINISTRATOR)
    page.goto("/referrals/new")
    page.get_by_role("button", name="Add another child").click()
    remove = page.get_by_role("button", name="Remove").last
    remove.wait_for()
    remove.focus()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        remove.press("Enter")
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.closest('#intake') !== null")
