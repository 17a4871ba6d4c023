"""What is noted of an open case after its discussion was decided may make that due sooner, by the
same rule as a referral's concerns (A11, B1, B2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, london_date, now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.need import service as need
from app.meetings.need.again_service import book_again
from app.meetings.need.types import Occasion
from app.meetings.open_case import service as open_case
from app.meetings.open_case.types import About
from app.meetings.sooner.service import sooner_due
from app.meetings.types import MeetingState
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.protocols.working_days import end_of_day
from app.referrals.types import Concern, Flag
from app.reports.types import WorkKind
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import make_member
from tests.factories.meetings import make_council, make_known_child
from tests.page_form import form_of

TOLD = "it must be held earlier"
PLAIN = About(concerns=(Concern.NEGLECT,))
GRAVE = replace(PLAIN, flags=frozenset({Flag.SERIOUS_HARM}))


@pytest.fixture
def decide(app, change):
    """Decides on a discussion of an open case; gives the chair and its reference."""
    with change() as session:
        make_council(session, "london")
        staff, child = make_member(make_staff(session, Role.CHAIR)), make_known_child(session).ref

    def act(about, at):
        with change() as session:
            occasion = Occasion(child_refs=(child,), about=about)
            return staff, need.decide_needed(session, staff, occasion, "Bruises", at, at).ref

    return act


def meeting_of(ref):
    return reading().execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()


def noted(change, staff, ref, about, at):
    with change() as session:
        open_case.change(session, staff, ref, about, at)


def test_graver_facts_are_told_wherever_somebody_acts_on_it_and_taken_with_one_press(
    app, decide, signed_in
):
    _staff, ref = decide(PLAIN, now())
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    with app.app_context():
        due, today = meeting_of(ref).due_at, end_of_day(london_date(meeting_of(ref).created_at))
    page, about = f"/discussions/{ref}", f"/discussions/{ref}/about"
    assert WorkKind.SOONER.words not in browser.get("/").text
    fields = form_of(browser.get(about).text, about)
    assert browser.post(about, data=fields | {"flags": ["serious_harm"]}).status_code == 303

    told = browser.get(page).text
    assert TOLD in told and "serious-harm" in told and "on the referral" not in told
    assert f'<time datetime="{today.isoformat()}">' in browser.get(f"{page}/book").text
    assert WorkKind.SOONER.words in browser.get("/").text
    press = form_of(told, f"{page}/earlier-deadline")
    taken = browser.post(f"{page}/earlier-deadline", data=press, follow_redirects=True).text
    assert "The earlier deadline is taken" in taken and TOLD not in taken
    assert WorkKind.SOONER.words not in browser.get("/").text
    with app.app_context():
        meeting = meeting_of(ref)
        assert (meeting.due_at, meeting.limit_at, meeting.sooner_due_at) == (today, today, None)
        before = restore(meeting.clocks["earlier"]).clocks[Clock.STRATEGY_DISCUSSION]
        assert before.due_at == due and before.rule == "three-working-days"
        actions = select(AuditEntry.action).where(AuditEntry.subject_ref == ref)
        assert reading().execute(actions.order_by(AuditEntry.id)).scalars().all()[-3:] == [
            "concerns changed", "deadline may be earlier", "earlier deadline taken",
        ]  # fmt: skip


def test_what_is_taken_back_is_no_earlier_deadline(app, decide, change):
    staff, ref = decide(PLAIN, FRIDAY)
    for about, told in ((GRAVE, True), (PLAIN, False)):
        noted(change, staff, ref, about, FRIDAY)
        with app.app_context():
            assert (meeting_of(ref).sooner_due_at is not None) is told


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.UNDER_WAY])
def test_a_booked_one_is_told_of_too_and_one_under_way_is_not(app, decide, change, state):
    staff, ref = decide(PLAIN, FRIDAY)
    with change() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        meeting.state = state
        meeting.starts_at = FRIDAY + timedelta(days=2)
        meeting.ends_at = meeting.starts_at + timedelta(hours=1)
        if state is MeetingState.UNDER_WAY:
            meeting.started_at = FRIDAY
    noted(change, staff, ref, GRAVE, FRIDAY)
    with app.app_context():
        assert (meeting_of(ref).sooner_due_at is not None) is (state is MeetingState.BOOKED)


def test_an_action_noted_later_gives_the_deadline_it_would_have_given_at_first(app, decide, change):
    acted = replace(
        PLAIN,
        flags=frozenset({Flag.IMMEDIATE_ACTION}),
        immediate_action_at=FRIDAY - timedelta(days=1),  # before anything was decided here
    )
    _staff, at_first = decide(acted, FRIDAY)
    staff, later = decide(PLAIN, FRIDAY)
    noted(change, staff, later, acted, FRIDAY)
    with app.app_context():
        due = sooner_due(reading(), meeting_of(later))
        assert due is not None and due.rule == "immediate-action"
        assert due.due_at == meeting_of(at_first).due_at
        assert in_london(due.due_at).date() == in_london(FRIDAY).date()


def test_what_was_noted_before_it_was_booked_again_is_not_lost(app, decide, change):
    """It was told and not taken, or noted while the discussion was cancelled."""
    staff, ref = decide(PLAIN, FRIDAY)
    with change() as session:
        session.execute(select(Meeting)).scalar_one().state = MeetingState.CANCELLED
    noted(change, staff, ref, GRAVE, FRIDAY)
    with app.app_context():
        assert meeting_of(ref).sooner_due_at is None
    with change() as session:
        anew = book_again(session, staff, ref, FRIDAY).ref
    with app.app_context(), transaction():
        again = meeting_of(anew)
        assert again.sooner_due_at == end_of_day(london_date(FRIDAY)) < again.due_at
