"""The page's script in real Chromium: no word is lost, whatever happens to the connection (E1)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from app.accounts.models import StaffSession
from app.core.clock import now
from app.core.session import transaction
from tests.integration.meetings.discussion.browsing import hearing_nothing, sign_in

pytestmark = pytest.mark.browser
HYPOTHESES, ANALYSIS = "#meeting-hypotheses", "#meeting-analysis"
SAVED = re.compile("^Saved at ")


@pytest.fixture
def engine_name() -> str:
    """The script is the same on both engines; what it talks to is tested on each."""
    return "sqlite"


def status(page: Page):
    return page.locator("[data-status]")


def test_what_is_typed_is_kept_and_brings_its_questions(page, case, entries):
    page.fill(HYPOTHESES, "A fall")
    expect(status(page)).to_have_text(SAVED)
    assert entries()["meeting", "hypotheses"] == "A fall"
    child = case.child().replace(":", "-")
    expect(page.locator(f"#ask-{child}-quality_told")).to_be_hidden()
    page.check(f"#{child}-conference-1")
    page.fill(f"#{child}-quality_told", "today 4:10 pm")
    page.press(f"#{child}-quality_told", "Enter")
    expect(page.locator(f"#{child}-quality_told")).to_have_value(re.compile("day .* at 4:10 pm$"))
    assert page.url.endswith("/hold")


def test_two_in_one_field_and_neither_loses_a_word(page, open_page, case, entries):
    colleague = open_page(case.writer.id)
    with hearing_nothing(colleague):
        page.fill(ANALYSIS, "Said the chair")
        expect(status(page)).to_have_text(SAVED)
        colleague.fill(ANALYSIS, "Said the writer")
        box = colleague.locator(".app-clash")
        expect(box).to_contain_text("Helen Marsh wrote here")
    expect(box).to_contain_text("Said the chair")
    expect(colleague.locator(ANALYSIS)).to_have_value("Said the writer")
    assert entries()["meeting", "analysis"] == "Said the chair"
    box.get_by_role("button", name="Keep both").click()
    expect(status(colleague)).to_have_text(SAVED)
    assert entries()["meeting", "analysis"] == "Said the chair\n\nSaid the writer"


def test_after_a_lost_connection_one_conflict_stands_once(page, open_page, case, entries):
    """Typing on while a save fails must not send the field twice."""
    colleague = open_page(case.writer.id)
    with hearing_nothing(colleague):
        colleague.context.set_offline(True)
        colleague.fill(ANALYSIS, "Said the")
        expect(status(colleague)).to_have_text("Not saved yet")
        page.fill(ANALYSIS, "Said the chair")
        expect(status(page)).to_have_text(SAVED)
        # Each of these tries again at once, and each fails.
        for words in ("Said the writer", "Said the writer again"):
            colleague.fill(ANALYSIS, words)
            colleague.wait_for_timeout(900)
            colleague.focus(HYPOTHESES)
            colleague.fill(HYPOTHESES, words)
            colleague.wait_for_timeout(900)
        colleague.context.set_offline(False)
        box = colleague.locator(".app-clash")
        expect(box.first).to_be_visible(timeout=35_000)
        colleague.wait_for_timeout(1_500)
    expect(box).to_have_count(1)
    box.get_by_role("button", name="Keep mine").click()
    expect(status(colleague)).to_have_text(SAVED)
    expect(box).to_have_count(0)
    assert entries()["meeting", "analysis"] == "Said the writer again"


def test_others_words_come_in_where_nobody_types(page, open_page, case):
    colleague = open_page(case.writer.id)
    page.fill(ANALYSIS, "Said the chair")
    expect(status(page)).to_have_text(SAVED)
    expect(colleague.locator(ANALYSIS)).to_have_value("Said the chair", timeout=15_000)
    expect(colleague.locator("[data-field='meeting/analysis']")).to_contain_text("Helen Marsh, ")


def test_a_lost_connection_loses_nothing(page, entries):
    page.context.set_offline(True)
    page.fill(ANALYSIS, "Typed in a tunnel")
    expect(status(page)).to_have_text("Not saved yet")
    expect(page.locator("#app-trouble")).to_contain_text("Go on typing")
    page.fill(HYPOTHESES, "And this too")
    page.context.set_offline(False)
    expect(status(page)).to_have_text(SAVED, timeout=15_000)
    expect(page.locator("#app-trouble")).to_be_hidden()
    page.wait_for_timeout(1_500)
    assert entries()["meeting", "analysis"] == "Typed in a tunnel"
    assert entries()["meeting", "hypotheses"] == "And this too"


def test_a_lost_answer_is_no_conflict_with_oneself(page, entries):
    lost = []

    def swallow(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())  # the server keeps the words, the page never hears of it
        route.abort()

    page.route("**/hold/field", swallow)
    page.fill(ANALYSIS, "First")
    expect(status(page)).to_have_text("Not saved yet")
    page.fill(ANALYSIS, "First and second")
    expect(status(page)).to_have_text(SAVED, timeout=15_000)
    page.wait_for_timeout(1_500)
    expect(page.locator(".app-clash")).to_have_count(0)
    assert entries()["meeting", "analysis"] == "First and second"


def test_signed_out_in_the_middle_and_back_in_another_tab(app, page, address, case, entries):
    with app.app_context(), transaction() as session:
        session.execute(update(StaffSession).values(ended_at=now()))
    page.fill(ANALYSIS, "Still typing")
    expect(page.locator("#app-trouble")).to_contain_text("signed out")
    expect(page.locator("#app-trouble a")).to_have_attribute("target", "_blank")
    expect(page.locator(ANALYSIS)).to_have_value("Still typing")
    page.context.clear_cookies()
    sign_in(app, page.context, address, case.chair.id)  # with another token against forgery
    expect(status(page)).to_have_text(SAVED, timeout=20_000)
    assert entries()["meeting", "analysis"] == "Still typing"
    page.get_by_role("button", name="End …").click()
    expect(page.get_by_role("heading", name="End the discussion?")).to_be_visible()


def test_the_larger_buttons_wait_until_words_can_arrive(app, page, case):
    page.fill("[name=action-what]", "A line that is not sent by itself")
    with app.app_context(), transaction() as session:
        session.execute(update(StaffSession).values(ended_at=now()))
    page.get_by_role("button", name="End …").click()
    expect(page.locator("#app-trouble")).to_contain_text("signed out")
    expect(page.locator("[name=action-what]")).to_have_value("A line that is not sent by itself")


def test_leaving_with_words_unsaved_asks_first(page):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.context.set_offline(True)
    page.fill(ANALYSIS, "Not yet there")
    page.evaluate("location.reload()")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect(page.locator(ANALYSIS)).to_have_value("Not yet there")


def test_an_action_is_one_line_and_enter(page, case):
    page.fill("[name=action-what]", "Visit the school")
    page.select_option("[name=action-owner]", str(case.invitees[1]))
    page.fill("[name=action-due]", "within 3 working days")
    expect(page.locator("#action-due-words")).to_have_text(re.compile("day .* 20"))
    page.press("[name=action-due]", "Enter")
    expect(page.locator("#action-list")).to_contain_text("Visit the school")
    expect(page.locator("[name=action-what]")).to_be_focused()
    page.keyboard.type("Nobody yet")
    page.keyboard.press("Enter")
    expect(page.locator("#actions")).to_contain_text("Choose who does this")
    expect(page.locator("[name=action-owner]")).to_be_focused()
    expect(page.locator("[name=action-what]")).to_have_value("Nobody yet")


@pytest.mark.parametrize("width", [1280, 320])
def test_nothing_scrolls_sideways(page, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
