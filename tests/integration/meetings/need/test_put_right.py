"""What is put right after a discussion was decided moves its clock, and it is measured by what was
known when it began (A11, B1, G3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, london_date, now
from app.core.session import db, reading, transaction
from app.meetings.discussion.service import start
from app.meetings.discussion.times import correct_times
from app.meetings.models import Meeting
from app.meetings.need import service
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.types import Attendance, Format, MeetingState
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.protocols.working_days import end_of_day
from app.referrals.abuse.models import AbuseCase
from app.referrals.models import Referral, ReferralDecision
from app.referrals.outcome.service import decide
from app.referrals.types import ConsentState, DomesticAbuseRisk, Flag, Outcome
from app.reports.dataset.measures import STATEMENTS
from app.reports.dataset.types import Measure
from tests.clock import FRIDAY
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.checks import staff_actor
from tests.factories.referrals import make_referral
from tests.page_form import form_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
POLICE = Present(Attendance.BY_PHONE, name="DS Holt", agency_name="Police")
OFFERED = "it must be held earlier"


@pytest.fixture
def staff(in_app):
    with transaction() as session:
        return make_member(make_staff(session, Role.CHAIR))


def referred(protocol, received_at, *flags, **given):
    with transaction() as session:
        referral = make_referral(
            session, 1, received_at=received_at, flags=flags, consent=ConsentState.GIVEN, **given
        )
        use_protocol(session, protocol)
        return referral.ref


def needed(staff, ref, at, **occasion):
    with transaction() as session:
        asked = Occasion(referral_ref=ref, **occasion)
        return service.decide_needed(session, staff, asked, "New bruises", at, at).ref


def held(ref):
    db.session.remove()
    return reading().execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()


def correct(browser, ref, page, **changes):
    path = f"/referrals/{ref}/{page}"
    answer = browser.post(path, data=form_of(browser.get(path).text, path) | changes)
    assert answer.status_code == 303, answer.text


def typed(name, moment):
    local = in_london(moment)
    return {
        f"{name}-day": local.day, f"{name}-month": local.month, f"{name}-year": local.year,
        f"{name}-time": f"{local:%H:%M}",
    }  # fmt: skip


def counted(measure):
    db.session.remove()
    moments = {"from_at": now() - 60 * DAY, "until_at": now() + DAY, "at": now(), "ahead": 0}
    return {key: count for _, key, count in reading().execute(STATEMENTS[measure], moments)}


def in_audit(ref):
    db.session.remove()
    rows = select(AuditEntry.action).where(AuditEntry.subject_ref == ref).order_by(AuditEntry.id)
    return list(reading().execute(rows).scalars())


# An earlier deadline that nobody took.


@pytest.fixture
def graver(staff, signed_in):
    """A discussion needed two days ago, of which graver facts were noted now: due that same day."""
    ref = referred("london", now() - 2 * DAY)
    meeting = needed(staff, ref, now() - 2 * DAY + HOUR)
    correct(signed_in(Role.CHAIR, Role.ADMINISTRATOR), ref, "concerns", flags=["serious_harm"])
    return ref, meeting, end_of_day(london_date(now() - 2 * DAY))


def begin(staff, ref, meeting, way):
    with transaction() as session:
        row = session.execute(select(Meeting).where(Meeting.ref == meeting)).scalar_one()
        match way:
            case "as booked":
                row.state, row.starts_at = MeetingState.BOOKED, now()
                row.ends_at = now() + HOUR
                start(session, staff.actor, row, now())
            case "at once":
                service.start_now(session, staff, Occasion(ref), Started(), SENDER, now())
            case "written down":
                given = HeldAlready(now(), now(), "Bruises", Format.CALL, people=(POLICE,))
                service.record_held(session, staff, Occasion(ref), given, SENDER, now())


@pytest.mark.parametrize("way", ["as booked", "at once", "written down"])
def test_what_begins_is_measured_by_the_earlier_deadline_that_nobody_took(staff, graver, way):
    ref, meeting, due = graver
    assert held(meeting).sooner_due_at == due
    assert counted(Measure.DISCUSSION) == {"limit|overdue": 1}
    begin(staff, ref, meeting, way)
    row = held(meeting)
    assert (row.due_at, row.limit_at, row.sooner_due_at) == (due, due, None)
    assert restore(row.clocks).clocks[Clock.STRATEGY_DISCUSSION].rule == "serious-harm"
    before = restore(row.clocks["earlier"]).clocks[Clock.STRATEGY_DISCUSSION]
    assert before.rule == "three-working-days"
    assert counted(Measure.DISCUSSION) == {"limit|late": 1}
    why = "booked" if way == "written down" else "began" if row.starts_at == due else "sooner"
    assert counted(Measure.LATE_BECAUSE) == {why: 1}
    assert "earlier deadline taken" in in_audit(meeting)


def test_a_second_correction_takes_nothing_back_of_what_was_known(staff, signed_in):
    """What is noted moves by a day; that it is late was known before it began (decision 0023)."""
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    received = now().replace(second=0, microsecond=0) - 4 * HOUR
    ref = referred("london", received, Flag.SERIOUS_HARM)
    meeting = needed(staff, ref, now() - 3.5 * HOUR)
    correct(browser, ref, "came-in", **typed("received_at", received - 8 * DAY))
    with transaction() as session:
        row = session.execute(select(Meeting).where(Meeting.ref == meeting)).scalar_one()
        row.sooner_noted_at = now() - 3 * HOUR
    correct(browser, ref, "came-in", **typed("received_at", received - 7 * DAY))
    with transaction() as session:
        given = HeldAlready(
            now() - 2 * HOUR, now() - HOUR, "Bruises", Format.CALL, people=(POLICE,)
        )
        service.record_held(session, staff, Occasion(ref), given, SENDER, now())
    assert held(meeting).due_at < now() - 6 * DAY
    assert counted(Measure.DISCUSSION) == {"limit|late": 1}


def test_what_was_noted_after_it_was_held_does_not_make_it_late(staff, graver):
    ref, meeting, _ = graver
    with transaction() as session:
        began = now() - DAY
        given = HeldAlready(began, began + HOUR, "Bruises", Format.CALL, people=(POLICE,))
        service.record_held(session, staff, Occasion(ref), given, SENDER, now())
    assert held(meeting).clocks.get("earlier") is None
    assert counted(Measure.DISCUSSION) == {"limit|met": 1}


# The moments that it counts from were typed wrong.


@pytest.mark.parametrize(
    ("moment", "page", "flags"),
    [("received_at", "came-in", [Flag.SERIOUS_HARM]), ("identified_at", "concerns", [])],
)
def test_a_moment_put_right_offers_the_earlier_deadline(staff, signed_in, moment, page, flags):
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    ref = referred("london", now() - 2 * HOUR, *flags)
    meeting = needed(staff, ref, now() - HOUR)
    due = held(meeting).due_at
    truly = now().replace(second=0, microsecond=0) - 8 * DAY
    correct(browser, ref, page, **typed(moment, truly))
    assert OFFERED in browser.get(f"/discussions/{meeting}").text
    path = f"/discussions/{meeting}/earlier-deadline"
    browser.post(path, data=form_of(browser.get(f"/discussions/{meeting}").text, path))
    row = held(meeting)
    assert row.due_at < due and row.sooner_due_at is None
    assert getattr(restore(row.clocks).facts, moment) == truly
    assert restore(row.clocks["earlier"]).clocks[Clock.STRATEGY_DISCUSSION].due_at == due
    # Put right once more, it is earlier still.
    correct(browser, ref, page, **typed(moment, truly - 7 * DAY))
    assert held(meeting).sooner_due_at < row.due_at


def test_put_right_and_back_again_offers_nothing(staff, signed_in):
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    received = now().replace(second=0, microsecond=0) - 2 * HOUR
    ref = referred("london", received, Flag.SERIOUS_HARM)
    meeting = needed(staff, ref, now() - HOUR)
    for moment, offered in (
        (received - 8 * DAY, True),
        (received - 15 * DAY, True),
        (received, False),
    ):
        correct(browser, ref, "came-in", **typed("received_at", moment))
        assert (OFFERED in browser.get(f"/discussions/{meeting}").text) is offered


def test_what_has_its_own_beginning_does_not_move_with_the_referral(staff, signed_in):
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    ref = referred("london", now() - 3 * HOUR)
    meeting = needed(staff, ref, now() - HOUR, information_at=now() - 2 * HOUR)
    correct(browser, ref, "came-in", **typed("received_at", now() - 9 * DAY))
    assert held(meeting).sooner_due_at is None
    assert OFFERED not in browser.get(f"/discussions/{meeting}").text


@pytest.mark.parametrize(("wrong", "right", "as_what"), [(4, 1, "late"), (1, 4, "met")])
def test_a_start_put_right_is_measured_by_what_was_known_then(
    staff, signed_in, wrong, right, as_what
):
    """One wrong hour does not decide for good whether it counts as late (decision 0023)."""
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    received = now().replace(second=0, microsecond=0) - 6 * HOUR
    ref = referred("london", received, Flag.SERIOUS_HARM)
    meeting = needed(staff, ref, now() - 5.5 * HOUR)
    first = held(meeting).due_at
    correct(browser, ref, "came-in", **typed("received_at", received - 8 * DAY))
    with transaction() as session:
        row = session.execute(select(Meeting).where(Meeting.ref == meeting)).scalar_one()
        row.sooner_noted_at, earlier = now() - 3 * HOUR, row.sooner_due_at
    begun = now() - wrong * HOUR
    with transaction() as session:
        given = HeldAlready(begun, begun + HOUR / 2, "Bruises", Format.CALL, people=(POLICE,))
        service.record_held(session, staff, Occasion(ref), given, SENDER, now())
    for hours, words in ((right, as_what), (wrong, "met" if as_what == "late" else "late")):
        with transaction() as session:
            row = session.execute(select(Meeting).where(Meeting.ref == meeting)).scalar_one()
            at = (now() - hours * HOUR).replace(second=0, microsecond=0)
            over = at + HOUR / 2
            correct_times(session, staff.actor, row, at, over, f"It was {hours}", now())
        row = held(meeting)
        assert row.due_at == (earlier if words == "late" else first)
        assert counted(Measure.DISCUSSION) == {f"limit|{words}": 1}
        kept = restore(row.clocks).clocks
        assert kept[Clock.STRATEGY_DISCUSSION].due_at == row.due_at
        assert kept[Clock.RECORD_CIRCULATED].due_at == row.record_due_at == over + DAY


# The start of one that was written down afterwards.


def write_down(staff, ref, began, *, at=FRIDAY):
    with transaction() as session:
        given = HeldAlready(began, began + HOUR, "Bruises", Format.CALL, people=(POLICE,))
        return service.record_held(session, staff, Occasion(ref), given, SENDER, at).ref


def put_start_right(staff, ref, began, *, at=FRIDAY):
    with transaction() as session:
        row = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        correct_times(session, staff.actor, row, began, began + HOUR, "The day was wrong", at)


def test_the_decision_moves_with_the_start_that_stood_for_it(staff):
    received, wrong, right = FRIDAY - 10 * DAY, FRIDAY - 9 * DAY, FRIDAY - 2 * HOUR
    ref = referred("bromley", received, domestic_abuse=DomesticAbuseRisk.HIGH)
    meeting = write_down(staff, ref, wrong)
    assert held(meeting).due_at == wrong + DAY
    put_start_right(staff, meeting, right)
    row = held(meeting)
    assert (row.need_decided_at, row.due_at, row.limit_at) == (right, right + DAY, right + DAY)
    assert restore(row.clocks).facts.need_identified_at == right
    assert restore(row.clocks["earlier"]).facts.need_identified_at == wrong
    referral = reading().execute(select(Referral)).scalar_one()
    assert (referral.need_identified_at, referral.decided_at) == (right, right)
    assert reading().execute(select(ReferralDecision.decided_at)).scalars().all() == [right]
    assert reading().execute(select(AbuseCase.closed_at)).scalars().all() in ([], [right])
    assert "moment of the decision corrected" in in_audit(ref)
    # The record's clock runs from the end still.
    assert row.record_due_at == right + HOUR + DAY


def test_the_decision_of_a_referral_is_never_before_it_came_in(staff):
    received = FRIDAY - 3 * HOUR
    ref = referred("bromley", received)
    meeting = write_down(staff, ref, FRIDAY - 9 * DAY)
    assert reading().execute(select(Referral.decided_at)).scalar_one() == received
    put_start_right(staff, meeting, FRIDAY - 2 * HOUR)
    assert held(meeting).need_decided_at == FRIDAY - 2 * HOUR
    assert reading().execute(select(Referral.decided_at)).scalar_one() == FRIDAY - 2 * HOUR


def test_a_decision_of_its_own_stays(staff):
    ref = referred("bromley", FRIDAY - 10 * DAY)
    decided = FRIDAY - 9 * DAY
    waiting = needed(staff, ref, decided)
    meeting = write_down(staff, ref, FRIDAY - 4 * DAY)
    assert meeting == waiting
    put_start_right(staff, meeting, FRIDAY - 3 * DAY)
    row = held(meeting)
    assert (row.need_decided_at, row.due_at) == (decided, decided + DAY)


def test_a_referral_decided_before_keeps_when(staff):
    """An assessment was decided first: that decision was in time or late, whatever followed."""
    ref = referred("bromley", FRIDAY - 30 * DAY)
    with transaction() as session:
        referral = session.execute(select(Referral)).scalar_one()
        at = FRIDAY - 29.5 * DAY
        decide(session, staff_actor(session), referral, Outcome.SECTION_17, "Assess", at)
    meeting = write_down(staff, ref, FRIDAY - 9 * DAY)
    put_start_right(staff, meeting, FRIDAY - 2 * HOUR)
    assert held(meeting).due_at == FRIDAY - 2 * HOUR + DAY
    assert reading().execute(select(Referral.decided_at)).scalar_one() == at
    last = select(ReferralDecision.decided_at).order_by(ReferralDecision.id.desc()).limit(1)
    assert reading().execute(last).scalar_one() == FRIDAY - 2 * HOUR
