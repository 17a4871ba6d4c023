"""A discussion is needed, starts at once, was held already, or comes from an open case."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.discussion.content import content_of, gate_of
from app.meetings.discussion.page import hold_page
from app.meetings.discussion.queries import held as held_of
from app.meetings.discussion.service import save_entry
from app.meetings.models import Meeting
from app.meetings.need import service
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.open_case.types import About
from app.meetings.types import Attendance, Format, MeetingState, Route
from app.outbox.models import OutboxMessage
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.referrals.models import Referral
from app.referrals.types import Concern, Flag, Outcome
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_case, make_council, make_known_child, make_person
from tests.page_form import form_of

REASON = "Unexplained bruising: significant harm is suspected."
ABOUT = About(concerns=(Concern.PHYSICAL_ABUSE,))


@pytest.fixture
def ground(in_app):
    with transaction() as session:
        make_council(session, "bromley")
        staff = make_member(make_staff(session, Role.CHAIR))
        referral = make_case(session)
        return staff, referral.ref


def test_the_decision_sets_the_clock_and_keeps_its_reasons(ground):
    staff, ref = ground
    with transaction() as session:
        meeting = service.decide_needed(
            session, staff, Occasion(referral_ref=ref), REASON, FRIDAY, FRIDAY
        )
        assert meeting.state is MeetingState.NEEDED
        assert meeting.due_at == FRIDAY + timedelta(hours=24)
        kept = restore(meeting.clocks)
        assert kept.protocol_id == "bromley"
        assert kept.clocks[Clock.STRATEGY_DISCUSSION].rule == "bromley-24h"
        assert meeting.chair_id == staff.id
    referral = reading().execute(select(Referral)).scalar_one()
    assert referral.outcome is Outcome.STRATEGY_DISCUSSION
    assert referral.need_identified_at == FRIDAY
    with pytest.raises(Refused), transaction() as session:
        service.decide_needed(session, staff, Occasion(referral_ref=ref), REASON, FRIDAY, FRIDAY)


def test_no_decision_without_a_reason(ground):
    staff, ref = ground
    with pytest.raises(Refused) as refused, transaction() as session:
        service.decide_needed(session, staff, Occasion(referral_ref=ref), "", FRIDAY, FRIDAY)
    assert refused.value.field == "reason"


def test_a_further_discussion_runs_from_the_new_information(ground):
    staff, ref = ground
    later = FRIDAY + timedelta(days=60)
    with transaction() as session:
        first = service.decide_needed(
            session, staff, Occasion(referral_ref=ref), REASON, FRIDAY, FRIDAY
        )
        first.state = MeetingState.SIGNED
    with transaction() as session:
        session.execute(select(Referral)).scalar_one().flags = [Flag.SERIOUS_HARM.value]
        occasion = Occasion(referral_ref=ref, information_at=later - timedelta(hours=1))
        second = service.decide_needed(session, staff, occasion, REASON, later, later)
        # Same day as the new information, not months late.
        assert in_london(second.due_at).date() == in_london(later).date()


def test_started_at_once_with_nothing_given(ground):
    staff, ref = ground
    with transaction() as session:
        meeting = service.start_now(
            session, staff, Occasion(referral_ref=ref), Started(), SENDER, FRIDAY
        )
        assert (meeting.state, meeting.route) == (MeetingState.UNDER_WAY, Route.STARTED_NOW)
        assert meeting.started_at == FRIDAY
        assert [one.attendance for one in meeting.invitees] == [Attendance.BY_PHONE]
    assert not reading().execute(select(OutboxMessage)).all()


@pytest.mark.parametrize("given", ["", "The child cannot go home tonight."])
def test_the_reason_of_a_start_without_one_is_asked_for_afterwards(ground, given):
    """C11: nothing that is missing blocks an emergency, it is asked for afterwards."""
    staff, ref = ground
    asked = "Say why the discussion was started at once"
    with transaction() as session:
        occasion, started = Occasion(referral_ref=ref), Started(reason=given)
        meeting = service.start_now(session, staff, occasion, started, SENDER, FRIDAY)
        owed = [one.what for one in gate_of(session, meeting)]
        assert (asked in owed) is (not given)
        save_entry(session, staff.actor, meeting, "meeting", "start_reason", "Fear.", 0, FRIDAY)
        assert asked not in [one.what for one in gate_of(session, meeting)]
        said = content_of(session, meeting).analysis
        assert "Why the discussion was started at once" in [one.heading for one in said]


def test_starting_at_once_takes_up_the_one_that_waits(ground):
    staff, ref = ground
    with transaction() as session:
        silent = make_person(session, email=None).id
        service.decide_needed(session, staff, Occasion(referral_ref=ref), REASON, FRIDAY, FRIDAY)
    with transaction() as session:
        given = Started(dial_in="020 7946 0155", professional_ids=(silent,))
        meeting = service.start_now(
            session, staff, Occasion(referral_ref=ref), given, SENDER, FRIDAY
        )
        assert meeting.need_reason == REASON
        assert len(meeting.invitees) == 2
    assert len(reading().execute(select(Meeting)).all()) == 1


@pytest.mark.parametrize("held", [False, True])
def test_what_was_typed_is_kept_beside_the_managers_reason(ground, held):
    """C11, H4: the one that waited keeps its need; why now stands with it and in the record."""
    staff, ref = ground
    occasion, why = Occasion(referral_ref=ref), "Telephone call: he is at the school gate"
    with transaction() as session:
        service.decide_needed(session, staff, occasion, REASON, FRIDAY, FRIDAY)
    with transaction() as session:
        if held:
            there = Present(
                Attendance.BY_PHONE, name="DS Holt", agency_name="Police",
                agency_kind=AgencyKind.POLICE,
            )  # fmt: skip
            given = HeldAlready(
                started_at=FRIDAY, ended_at=FRIDAY + timedelta(minutes=20), reason=why,
                format=Format.CALL, people=(there,),
            )  # fmt: skip
            at = FRIDAY + timedelta(hours=1)
            meeting = service.record_held(session, staff, occasion, given, SENDER, at)
        else:
            given = Started(reason=why)
            meeting = service.start_now(session, staff, occasion, given, SENDER, FRIDAY)
        ref = meeting.ref
    session = reading()
    meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
    assert meeting.need_reason == REASON
    assert why in [one.passage.text for one in content_of(session, meeting).analysis]
    page = hold_page(held_of(session, meeting), staff.name, FRIDAY)
    assert page.start_reason and page.start_reason.value == why


def test_one_already_held_starts_the_records_clock_when_it_ended(ground):
    staff, ref = ground
    ended = FRIDAY - timedelta(minutes=30)
    given = HeldAlready(
        started_at=ended - timedelta(minutes=20),
        ended_at=ended,
        reason=REASON,
        format=Format.CALL,
        people=(
            Present(
                Attendance.BY_PHONE,
                name="DS Holt",
                agency_name="Police",
                agency_kind=AgencyKind.POLICE,
            ),
        ),
    )
    with transaction() as session:
        meeting = service.record_held(
            session, staff, Occasion(referral_ref=ref), given, SENDER, FRIDAY
        )
        assert (meeting.state, meeting.route) == (MeetingState.ENDED, Route.ALREADY_HELD)
        assert meeting.record_due_at == ended + timedelta(hours=24)
        assert {one.attendance for one in meeting.invitees} == {Attendance.BY_PHONE}
        assert AgencyKind.POLICE in {one.agency_kind for one in meeting.invitees}
        assert Clock.RECORD_CIRCULATED in restore(meeting.clocks).clocks


def test_one_already_held_needs_somebody_who_took_part(ground):
    staff, ref = ground
    given = HeldAlready(FRIDAY - timedelta(hours=1), FRIDAY, REASON, Format.CALL)
    with pytest.raises(Refused) as refused, transaction() as session:
        service.record_held(session, staff, Occasion(referral_ref=ref), given, SENDER, FRIDAY)
    assert refused.value.field == "people"


def test_an_open_case_has_its_own_clock(ground):
    staff, _ref = ground
    with transaction() as session:
        child = make_known_child(session).ref
        meeting = service.decide_needed(
            session, staff, Occasion(child_refs=(child,), about=ABOUT), REASON, FRIDAY, FRIDAY
        )
        assert meeting.referral_id is None
        assert meeting.due_at == FRIDAY + timedelta(hours=24)
    with pytest.raises(Refused) as refused, transaction() as session:
        service.decide_needed(session, staff, Occasion(about=ABOUT), REASON, FRIDAY, FRIDAY)
    assert refused.value.field == "children"


# The pages, at the real time


def test_one_that_waits_behind_a_booked_one_is_not_decided_again(ground):
    staff, ref = ground
    occasion = Occasion(referral_ref=ref)
    with transaction() as session:
        first = service.decide_needed(session, staff, occasion, REASON, FRIDAY, FRIDAY)
        first.state = MeetingState.BOOKED
    with transaction() as session:
        waits = service.decide_needed(session, staff, occasion, REASON, FRIDAY, FRIDAY).ref
    with pytest.raises(Refused, match=waits), transaction() as session:
        service.decide_needed(session, staff, occasion, REASON, FRIDAY, FRIDAY)
    with transaction() as session:
        assert service.start_now(session, staff, occasion, Started(), SENDER, FRIDAY).ref == waits


def test_two_managers_who_decide_at_once_make_one_discussion(app, ground, engine_name):
    if engine_name == "sqlite":
        pytest.skip("SQLite lets one in at a time")
    staff, ref = ground
    with transaction() as session:  # decided before, so that the referral itself does not change
        meeting = service.decide_needed(
            session, staff, Occasion(referral_ref=ref), REASON, FRIDAY, FRIDAY
        )
        meeting.state = MeetingState.ENDED
    made, refusals = [], []

    def decide():
        try:
            with app.app_context(), transaction() as session:
                occasion = Occasion(referral_ref=ref)
                service.decide_needed(session, staff, occasion, REASON, FRIDAY, FRIDAY)
                with suppress(BrokenBarrierError):
                    both.wait(timeout=1)  # until the other is there too, or is kept out
            made.append(ref)
        except Refused as refused:
            refusals.append(refused)

    both = Barrier(2)
    threads = [Thread(target=decide) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(refusals) == 1


def test_a_shared_address_does_not_hold_up_an_emergency(ground):
    staff, ref = ground
    with transaction() as session:
        people = [
            make_person(session, ProfessionalRole.POLICE_CAIT, email="desk@police.example")
            for _ in range(2)
        ]
        given = Started(professional_ids=tuple(one.id for one in people))
        meeting = service.start_now(
            session, staff, Occasion(referral_ref=ref), given, SENDER, FRIDAY
        )
        assert len(meeting.invitees) == 3


# After a cancellation the clock runs on from the first decision (B1, B2; BROMLEY 1)

HOUR = timedelta(hours=1)


def _decide(staff, ref, at, **occasion):
    with transaction() as session:
        asked = Occasion(referral_ref=ref, **occasion)
        meeting = service.decide_needed(session, staff, asked, REASON, at, at)
        return meeting.id, meeting.due_at


def _call_off(meeting_id):
    with transaction() as session:
        session.get_one(Meeting, meeting_id).state = MeetingState.CANCELLED


def test_decided_anew_after_a_cancellation_the_clock_runs_on_from_the_first_decision(ground):
    staff, ref = ground
    for hours in (0, 5, 9):
        meeting_id, due = _decide(staff, ref, FRIDAY + hours * HOUR)
        assert due == FRIDAY + 24 * HOUR
        kept = restore(reading().get_one(Meeting, meeting_id).clocks)
        assert kept.facts.need_identified_at == FRIDAY
        assert kept.clocks[Clock.STRATEGY_DISCUSSION].start_at == FRIDAY
        _call_off(meeting_id)
    # One that is started at once, or was held already, is due by the same clock.
    with transaction() as session:
        occasion = Occasion(referral_ref=ref)
        begun = service.start_now(session, staff, occasion, Started(), SENDER, FRIDAY + 10 * HOUR)
        assert begun.due_at == FRIDAY + 24 * HOUR


def test_new_information_after_a_cancellation_starts_a_clock_of_its_own(ground):
    staff, ref = ground
    first, _due = _decide(staff, ref, FRIDAY)
    _call_off(first)
    later = FRIDAY + 72 * HOUR
    assert _would_be_due(ref, later, information_at=FRIDAY - HOUR) == FRIDAY + 24 * HOUR
    assert _would_be_due(ref, later, information_at=later - HOUR) == later + 24 * HOUR


def _would_be_due(ref, at, **occasion):
    return service.expected_due(reading(), Occasion(referral_ref=ref, **occasion), at).due_at


def test_a_further_discussion_that_was_cancelled_runs_on_from_its_own_decision(ground):
    staff, ref = ground
    first, _due = _decide(staff, ref, FRIDAY)
    with transaction() as session:
        session.get_one(Meeting, first).state = MeetingState.SIGNED
    later = FRIDAY + 240 * HOUR
    second, due = _decide(staff, ref, later, information_at=later - HOUR)
    assert due == later + 24 * HOUR
    _call_off(second)
    third, due = _decide(staff, ref, later + 6 * HOUR)
    assert due == later + 24 * HOUR
    assert restore(reading().get_one(Meeting, third).clocks).facts.received_at == later - HOUR
    # What is known of the child since then counts as well.
    _call_off(third)
    with transaction() as session:
        session.execute(select(Referral)).scalar_one().flags = [Flag.SERIOUS_HARM.value]
    assert in_london(_would_be_due(ref, later + 7 * HOUR)).date() == in_london(later).date()


def test_the_action_of_long_ago_hurries_no_later_discussion_decided_anew(ground):
    """B1: as of the further discussion itself, whichever way its place is taken."""
    staff, ref = ground
    later = FRIDAY + timedelta(days=60)
    with transaction() as session:
        referral = session.execute(select(Referral)).scalar_one()
        referral.flags, referral.immediate_action_at = [Flag.IMMEDIATE_ACTION.value], FRIDAY
    first, _due = _decide(staff, ref, FRIDAY)
    with transaction() as session:
        session.get_one(Meeting, first).state = MeetingState.SIGNED
    further, due = _decide(staff, ref, later)
    assert due > later
    _call_off(further)
    assert _would_be_due(ref, later + 2 * HOUR) == due


def test_a_flag_set_since_counts_when_it_is_decided_anew(ground):
    staff, ref = ground
    first, _due = _decide(staff, ref, FRIDAY)
    _call_off(first)
    with transaction() as session:
        session.execute(select(Referral)).scalar_one().flags = [Flag.SERIOUS_HARM.value]
    _second, due = _decide(staff, ref, FRIDAY + HOUR)
    assert in_london(due).date() == in_london(FRIDAY).date()


@pytest.mark.parametrize("not_needed", [False, True])
def test_an_open_case_decided_anew_runs_on_unless_none_was_needed(ground, not_needed):
    staff, _ref = ground
    with transaction() as session:
        child = make_known_child(session).ref
        occasion = Occasion(child_refs=(child,), about=ABOUT)
        first = service.decide_needed(session, staff, occasion, REASON, FRIDAY, FRIDAY)
        first.state = MeetingState.CANCELLED
        if not_needed:
            first.not_needed_at, first.not_needed_reason = FRIDAY, "The injury was explained."
    later = FRIDAY + 5 * HOUR
    with transaction() as session:
        again = service.decide_needed(session, staff, occasion, REASON, later, later)
        assert again.due_at == (later if not_needed else FRIDAY) + 24 * HOUR


def test_the_page_says_that_the_deadline_runs_on_and_from_when(app, chair):
    browser, ref = chair
    with app.app_context():
        with transaction() as session:
            staff = make_member(make_staff(session, Role.CHAIR))
        meeting_id, due = _decide(staff, ref, now() - timedelta(minutes=50))
        _call_off(meeting_id)
        db.session.remove()
    path = f"/referrals/{ref}/strategy-discussion"
    page = browser.get(path).text
    assert "was cancelled and its deadline runs on" in page
    assert f'<time datetime="{due.isoformat()}">' in page
    # Newer information can be told, and the page then works with it.
    assert "information_at-day" in form_of(page, path)
