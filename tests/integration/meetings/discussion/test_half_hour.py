"""Forty minutes on the telephone, played in real Chromium: the chair and a minute-taker beside
them (E1 to E5), by BROMLEY's text; with scripts and without, by keyboard, on a small screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.accounts.models import StaffSession
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.discussion.content import gate_of
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.e2e.looking import Looked
from tests.integration.meetings.discussion.browsing import hearing_nothing, sign_in

pytestmark = pytest.mark.browser
SAVED = re.compile("^Saved at ")

# BROMLEY 3 and 4, in the order of its text.
JOINT = {
    "harm": "yes",
    "harm.reason": "A burn in the shape of an iron; two siblings say who did it.",
    "section_47": "started",
    "section_47.reason": "Reasonable cause to suspect that they are suffering significant harm.",
    "enquiry": "joint",
    "crime": "to_begin",
    "crime_plan": "The flat is secured first; nobody speaks to the stepfather before the arrest.",
    "police_lead": "DS Rahman",
    "social_care_lead": "Priya Nair",
    "immediate_safety": "All three stay with their aunt tonight.",
    "protection": "none",
    "legal_action": "no",
    "other_children": "A cousin of two months in the same house: visited today.",
    "medical": "needed",
    "medical_plan": "Community paediatrician, today at 6 pm. Their mother consents.",
    "seen_alone": "yes",
    "seen_by": "Priya Nair with DC Verma",
    "seen_when": "tomorrow 9 am",
    "wishes": "At school, with the teacher they trust, by drawing.",
    "interviews": "Their mother by police tomorrow; the aunt by social care, to see who is safe.",
    "interpreter": "yes",
    "interpreter.reason": "Twi for the grandmother; the desk books it.",
    "identity": "A Ghanaian family, Methodist: church on Sunday is kept.",
    "further_information": "The GP's records, by the health visitor, in writing tomorrow.",
    "family_told": "no",
    "family_told.reason": "It would warn the stepfather and put them at more risk.",
    "conference": "likely",
    "quality_told": "today 4:10 pm",
    "assessment": "20",
}
NO_FURTHER_ACTION = {
    "harm": "no",
    "harm.reason": "A birthmark that the health visitor has known since birth.",
    "section_47": "not_started",
    "section_47.reason": "The threshold is not met: all three agencies agree.",
    "instead": "nothing",
    "crime": "none",
    "immediate_safety": "None is needed. The child sleeps at home.",
    "other_children": "None.",
    "medical": "not_needed",
    "medical.reason": "The health visitor saw it today.",
    "family_told": "yes",
    "family_what": "Everything, by the social worker, at home tomorrow.",
}


NAMED = "((one.name || '') + '|' + (one.id || one.textContent.trim().slice(0, 60)))"
# Every control in sight; of a group of choices the one that Tab goes to.
REACHABLE = f"""() => [...document.querySelectorAll(
  'main input:not([type=hidden]), main textarea, main select, main button, main summary')]
  .filter((one) => one.checkVisibility() && (one.type !== 'radio' || one.checked))
  .map((one) => {NAMED})"""
FOCUSED = f"() => {{ const one = document.activeElement; return {NAMED}; }}"
SAID = (
    "the health visitor saw a bruise on Monday and wrote it down with a drawing of where it was "
    "then mother said that he fell from the bed while she was in the kitchen and heard him cry "
    "police were called twice in March by a neighbour who did not want to be named"
)
WORDS = SAID.split()


@pytest.fixture
def engine_name() -> str:
    """The page is the same on both engines; what it talks to is tested on each."""
    return "sqlite"


def saved(page: Page) -> None:
    expect(page.locator("[data-status]")).to_have_text(SAVED)


def answer(page: Page, scope: str, answers: dict[str, str]) -> None:
    """Give each answer where the page asks for it, and only there."""
    for field, value in answers.items():
        control = page.locator(f"[name='{scope}/{field}']")
        if control.first.get_attribute("type") == "radio":
            control.and_(page.locator(f"[value='{value}']")).check(force=True)
            saved(page)
        else:
            expect(control).to_be_visible()
            control.fill(value)


def missing(app, case) -> list[str]:
    with app.app_context():
        session = reading()
        return [one.what for one in gate_of(session, session.get_one(Meeting, case.meeting_id))]


@pytest.fixture
def case(make_case, request):
    children = getattr(request, "param", 3)
    return make_case(MeetingState.BOOKED, invitees=4, children=children)


def test_a_joint_enquiry_for_three_siblings(app, case, chromium, address, open_page, entries):
    chair, writer = open_page(case.chair.id), open_page(case.writer.id)
    chair.get_by_role("button", name="Start").click()
    expect(chair.locator("[data-clock]")).to_contain_text("so far")
    looked = Looked(chromium, address)
    looked.at(chair)
    # Two write at once, each in their own part of the page.
    for place in range(1, 4):
        scope = case.invitee(place)
        chair.locator(f"[name='{scope}/attendance'][value='by_phone']").check(force=True)
        writer.locator(f"[name='{scope}/information']").fill(f"What agency {place} knows")
        writer.locator("#meeting-hypotheses").fill(f"An accident, or not: thought {place}")
    first, second, third = (case.child(place) for place in range(3))
    answer(chair, first, JOINT)
    with hearing_nothing(writer):
        chair.locator("#meeting-analysis").fill("All three were in the room.")
        # The third child is decided apart: this answer goes before what is taken over.
        answer(chair, third, {"harm": "yes"})
        chair.locator(f"[name='{third}/harm.reason']").fill("Saw it, and does not speak since.")
        saved(chair)
        saved(writer)
        # Both in one field, in the same moment.
        writer.locator("#meeting-analysis").fill("The youngest was asleep.")
        clash = writer.locator(".app-clash")
        expect(clash).to_contain_text("Helen Marsh wrote here")
    clash.get_by_role("button", name="Keep both").click()
    saved(writer)
    chair.get_by_role("button", name="Copy to the other 2").first.click()
    expect(chair.locator(f"[name='{second}/wishes']")).to_have_value(JOINT["wishes"])
    expect(chair.locator(f"[name='{third}/harm.reason']")).to_have_value(
        "Saw it, and does not speak since."
    )
    chair.locator("[name='meeting/dissent_asked']").check(force=True)
    # One line and Enter; the minute-taker adds one too.
    for page, what in ((chair, "See the children alone"), (writer, "Send the GP's records")):
        page.locator("[name=action-what]").fill(what)
        page.select_option("[name=action-owner]", str(case.invitees[1]))
        page.locator("[name=action-due]").fill("tomorrow 5 pm")
        page.locator("[name=action-due]").press("Enter")
        expect(page.locator("#action-list")).to_contain_text(what)
    saved(chair)
    assert missing(app, case) == []
    written = entries()
    assert (
        written["meeting", "analysis"] == "All three were in the room.\n\nThe youngest was asleep."
    )
    assert written["meeting", "hypotheses"] == "An accident, or not: thought 3"
    for place in range(1, 4):
        assert written[case.invitee(place), "information"] == f"What agency {place} knows"
    for scope in (first, second, third):
        for field, value in JOINT.items():
            if field not in ("seen_when", "quality_told") and (scope, field) != (
                third,
                "harm.reason",
            ):
                assert written[scope, field] == value, (scope, field)
    looked.at(chair)
    chair.get_by_role("button", name="End …").click()
    expect(chair.get_by_role("heading", name="End the discussion?")).to_be_visible()
    expect(chair.locator("main")).not_to_contain_text("still lacks")
    looked.at(chair)
    chair.get_by_role("button", name="End the discussion").click()
    expect(chair.locator("[data-clock]")).to_contain_text("Record due")
    # The minute-taker's page says so by itself, and loses nothing.
    expect(writer.locator("[data-notice]")).to_contain_text("ended", timeout=20_000)


@pytest.mark.parametrize("case", [1], indirect=True)
@pytest.mark.parametrize("scripts", [True, False])
def test_no_further_action(app, case, chromium, address, open_page, scripts: bool):
    page = open_page(case.chair.id, scripts)
    page.get_by_role("button", name="Start").click()
    page.wait_for_load_state()
    for place in range(1, 4):
        page.locator(f"[name='{case.invitee(place)}/attendance'][value='by_phone']").check(
            force=True
        )
    if scripts:
        answer(page, case.child(), NO_FURTHER_ACTION)
    else:
        no_script_answers(page, case.child())
    page.locator("[name='meeting/dissent_asked']").check(force=True)
    for key in ("protection", "legal_action", "conference", "assessment", "enquiry"):
        # It ends here: what protects a child at risk is not asked any more.
        expect(page.locator(f"[name='{case.child()}/{key}']").first).to_be_hidden()
    if scripts:
        saved(page)
        page.wait_for_timeout(800)
        saved(page)
    else:
        page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_role("link", name="missing").first.click()
    assert missing(app, case) == []
    Looked(chromium, address).at(page)


def no_script_answers(page: Page, scope: str) -> None:
    """Without scripts a question that follows appears when the page is saved."""
    for field, value in NO_FURTHER_ACTION.items():
        control = page.locator(f"[name='{scope}/{field}']")
        if not control.first.is_visible() and control.first.get_attribute("type") != "radio":
            page.get_by_role("button", name="Save", exact=True).first.click()
            page.wait_for_load_state()
        if control.first.get_attribute("type") == "radio":
            control.and_(page.locator(f"[value='{value}']")).check(force=True)
        else:
            control.fill(value)
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("case", [1], indirect=True)
def test_everything_is_reached_by_keyboard(case, open_page):
    page = open_page(case.chair.id)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
    wanted = page.evaluate(REACHABLE)
    page.locator("body").click(position={"x": 1, "y": 1})
    reached: set[str] = set()
    for _ in range(len(wanted) + 60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    assert len(wanted) > 40
    assert set(wanted) <= reached


@pytest.mark.parametrize(
    "seconds",
    [pytest.param(60, marks=pytest.mark.long, id="a-minute"), pytest.param(9, id="short")],
)
def test_a_minute_of_typing_with_everything_cut_in_turn(
    app, case, serving, address, open_page, entries, seconds: int
):
    """Network, server and session fail one after the other while somebody types without a pause:
    every word is there at the end, in the order in which it was typed (E1)."""
    page = open_page(case.chair.id)
    fields = ["#meeting-hypotheses", "#meeting-challenge", "#meeting-analysis"]
    typed: dict[str, str] = dict.fromkeys(fields, "")
    count = 0

    def type_for(part: float) -> None:
        nonlocal count
        began = now()
        while (now() - began).total_seconds() < part:
            field = fields[count // 12 % len(fields)]
            if count % 12 == 0:
                page.locator(field).focus()
                page.keyboard.press("Control+End")
            word = f"{WORDS[count % len(WORDS)]}{count} "
            page.keyboard.type(word, delay=20)
            typed[field] += word
            count += 1

    part = seconds / 6
    type_for(part)
    page.context.set_offline(True)
    type_for(part)
    page.context.set_offline(False)
    type_for(part)
    serving.stop()
    type_for(part)
    serving.start()
    type_for(part)
    with app.app_context(), transaction() as session:
        session.execute(update(StaffSession).values(ended_at=now()))
    type_for(part)
    expect(page.locator("#app-trouble")).to_contain_text("signed out", timeout=30_000)
    page.context.clear_cookies()
    sign_in(app, page.context, address, case.chair.id)
    expect(page.locator("#app-trouble")).to_be_hidden(timeout=40_000)
    page.locator("[name=action-what]").focus()
    expect(page.locator("[data-status]")).to_have_text(SAVED)
    page.wait_for_timeout(1_500)
    expect(page.locator(".app-clash")).to_have_count(0)
    written = entries()
    for field, words in typed.items():
        assert words.strip()
        assert written["meeting", field.removeprefix("#meeting-")] == words.strip()
