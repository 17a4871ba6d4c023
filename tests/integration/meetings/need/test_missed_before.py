"""A need whose deadline ran out unmet stays in the figures when newer information begins another
discussion with a clock of its own; where the clock runs on it counts once (A11, B1, G3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.session import db, reading, transaction
from app.meetings.discussion.times import correct_times
from app.meetings.models import Meeting
from app.meetings.need import service
from app.meetings.need.again_service import book_again
from app.meetings.need.types import HeldAlready, Occasion, Present
from app.meetings.open_case.types import About
from app.meetings.types import Attendance, Format, MeetingState
from app.records.same_child.service import link, undo
from app.referrals.models import Child, Referral
from app.referrals.outcome.service import decide, reopen
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Concern, Outcome
from app.reports.dataset.measures import STATEMENTS
from app.reports.dataset.types import Measure
from tests.clock import FRIDAY
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_case, make_council, make_known_child

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Bromley: due a day after it was decided. Called off in time, so that nothing is missed by that.
NEEDED = FRIDAY - 5 * DAY
IN_TIME, TOO_LATE = NEEDED + 10 * HOUR, NEEDED + 3 * DAY
POLICE = Present(Attendance.BY_PHONE, name="DS Holt", agency_name="Police")
ABOUT = About(concerns=(Concern.PHYSICAL_ABUSE,))
MISSED, OPEN = {"limit|overdue": 1}, {"limit|open": 1}


@pytest.fixture
def staff(in_app):
    with transaction() as session:
        make_council(session, "bromley")
        return make_member(make_staff(session, Role.CHAIR))


@pytest.fixture
def referral(staff):
    """A referral whose discussion was needed and called off within hours."""
    with transaction() as session:
        ref = make_case(session, at=NEEDED).ref
    needed(staff, NEEDED, referral_ref=ref)
    call_off()
    return ref


def needed(staff, at, **occasion):
    with transaction() as session:
        asked = Occasion(**occasion)
        return service.decide_needed(session, staff, asked, "New bruises", at, at).ref


def call_off():
    with transaction() as session:
        for row in session.execute(select(Meeting)).scalars():
            if row.state is MeetingState.NEEDED:
                row.state, row.cancelled_at = MeetingState.CANCELLED, row.created_at + HOUR


def written_down(staff, ref, began):
    with transaction() as session:
        given = HeldAlready(began, began + HOUR, "Bruises", Format.CALL, people=(POLICE,))
        occasion = Occasion(ref, information_at=began)
        return service.record_held(session, staff, occasion, given, SENDER, FRIDAY).ref


def changed(ref, act):
    with transaction() as session:
        act(session, session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one())


def first():
    db.session.remove()
    return reading().execute(select(Meeting).order_by(Meeting.id).limit(1)).scalar_one()


def counted(*, at=FRIDAY):
    db.session.remove()
    moments = {"from_at": NEEDED - DAY, "until_at": FRIDAY + DAY, "at": at, "ahead": 0}
    rows = reading().execute(STATEMENTS[Measure.DISCUSSION], moments)
    return {key: count for _, key, count in rows}


def test_newer_information_after_the_deadline_leaves_it_missed(staff, referral):
    assert counted() == MISSED
    ref = needed(staff, FRIDAY, referral_ref=referral, information_at=FRIDAY - HOUR)
    assert first().need_until == FRIDAY
    assert counted() == MISSED | OPEN

    def begin(_session, meeting):
        meeting.state, meeting.started_at = MeetingState.UNDER_WAY, FRIDAY

    changed(ref, begin)
    assert counted() == MISSED | {"limit|met": 1}


def test_newer_information_in_time_begins_another_clock_and_nothing_was_missed(staff, referral):
    needed(staff, IN_TIME, referral_ref=referral, information_at=IN_TIME - HOUR)
    assert counted() == MISSED  # the new one, by now
    assert first().need_until == IN_TIME


def test_where_the_clock_runs_on_it_counts_once(staff, referral):
    needed(staff, FRIDAY, referral_ref=referral)
    assert first().need_until is None
    assert counted() == MISSED
    call_off()
    # The one in its place is called off too: what ran out is that of the first.
    needed(staff, FRIDAY, referral_ref=referral, information_at=FRIDAY)
    assert counted() == MISSED | OPEN


@pytest.mark.parametrize(("at", "missed"), [(IN_TIME, {}), (TOO_LATE, MISSED)])
def test_what_nobody_needed_any_more_is_measured_by_then(staff, referral, at, missed):
    def none_needed(_session, meeting):
        meeting.not_needed_at, meeting.not_needed_reason = at, "Spoken to."

    changed(first().ref, none_needed)
    assert counted() == missed
    needed(staff, FRIDAY, referral_ref=referral, information_at=FRIDAY)
    assert counted() == missed | OPEN


@pytest.mark.parametrize(("at", "missed"), [(IN_TIME, {}), (TOO_LATE, MISSED)])
@pytest.mark.parametrize("opened", [False, True])
def test_a_referral_decided_otherwise_needed_none_from_then(staff, referral, at, missed, opened):
    with transaction() as session:
        row = session.execute(select(Referral)).scalar_one()
        decide(session, staff.actor, row, Outcome.ADVICE, "Spoken to.", at)
        if opened:
            reopen(session, staff.actor, row, "The school rang.", at + 1.5 * DAY, row.version)
        else:
            decide(session, staff.actor, row, Outcome.SECTION_17, "Assess.", at + 1.5 * DAY)
    assert counted() == missed  # though nothing came in its place
    needed(staff, FRIDAY, referral_ref=referral)
    assert first().need_until == at
    assert counted() == missed | OPEN


def test_a_decision_put_right_within_a_day_ended_nothing(staff, referral):
    with transaction() as session:
        row = session.execute(select(Referral)).scalar_one()
        decide(session, staff.actor, row, Outcome.ADVICE, "Pressed wrong.", IN_TIME)
    needed(staff, IN_TIME + HOUR, referral_ref=referral, information_at=IN_TIME)
    assert first().need_until == IN_TIME + HOUR


def test_one_written_down_afterwards_ended_the_need_when_it_began(staff, referral):
    held = written_down(staff, referral, IN_TIME)
    assert counted() == {"limit|met": 1}

    def put_right(session, meeting):
        correct_times(
            session, staff.actor, meeting, TOO_LATE, TOO_LATE + HOUR, "The day was wrong", FRIDAY
        )

    changed(held, put_right)
    assert first().need_until == TOO_LATE
    assert counted() == MISSED | {"limit|met": 1}


# Open cases.


@pytest.fixture
def children(staff):
    with transaction() as session:
        return tuple(make_known_child(session, name).ref for name in ("Ida", "Ben"))


def test_of_an_open_case_the_child_that_waited_longest_counts(staff, children):
    one, two = children
    needed(staff, NEEDED, child_refs=children, about=ABOUT)
    call_off()
    needed(staff, IN_TIME, child_refs=(one,), about=ABOUT, information_at=IN_TIME)
    needed(staff, FRIDAY, child_refs=(two,), about=ABOUT, information_at=FRIDAY)
    assert first().need_until == FRIDAY
    assert counted() == {"limit|overdue": 2, "limit|open": 1}


def test_of_an_open_case_what_runs_on_for_one_child_counts_once(staff, children):
    one, _ = children
    cancelled = needed(staff, NEEDED, child_refs=children, about=ABOUT)
    call_off()
    needed(staff, FRIDAY - HOUR, child_refs=(one,), about=ABOUT, information_at=FRIDAY - HOUR)
    with transaction() as session:
        book_again(session, staff, cancelled, FRIDAY)
    row = first()
    assert row.replaced_at == FRIDAY and row.need_until is None
    assert counted() == MISSED | OPEN


def test_where_the_later_one_was_of_another_child_the_need_stands(staff):
    with transaction() as session:
        mine, other = make_known_child(session, "Ida").ref, make_known_child(session, "Idah").ref
    needed(staff, NEEDED, child_refs=(mine,), about=ABOUT)
    needed(staff, IN_TIME, child_refs=(other,), about=ABOUT)
    call_off()
    with transaction() as session:
        held = {one.ref: one for one in session.execute(select(Child)).scalars()}
        link(session, staff.actor, held[mine], held[other], "One number", FRIDAY)
    needed(staff, FRIDAY, child_refs=(other,), about=ABOUT, information_at=FRIDAY)
    assert first().need_until == IN_TIME
    with transaction() as session:
        match = session.execute(select(ChildMatch)).scalar_one()
        undo(session, staff.actor, match.id, "Two numbers", FRIDAY)
    assert (first().replaced_at, first().need_until) == (None, None)


def test_a_target_that_was_missed_does_not_miss_the_limit_behind_it(staff):
    """Bury: 24 hours in most cases, three working days in any. Settled between the two."""
    with transaction() as session:
        ref = make_case(session, at=NEEDED).ref
        use_protocol(session, "bury")
    needed(staff, NEEDED, referral_ref=ref)
    call_off()
    between = NEEDED + 1.5 * DAY
    assert first().due_at < between < first().limit_at
    needed(staff, between, referral_ref=ref, information_at=between)
    assert counted(at=between) == {"target|overdue|open": 1, "target|open|open": 1}
    # By then that of the other one has run out too, and no limit has.
    assert counted(at=first().limit_at + HOUR) == {"target|overdue|open": 2}
