"""Since when the clock of a first discussion counts, where the referral is months old: it was
opened again, or decided as something else before (A11, B1). When the referral counts as decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import london_date, now
from app.core.session import db, reading, transaction
from app.meetings.models import Meeting
from app.meetings.need import service
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.types import Attendance, Format, MeetingState
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.protocols.working_days import end_of_day
from app.referrals.abuse.begun import begin
from app.referrals.abuse.models import AbuseCase
from app.referrals.models import Referral, ReferralDecision
from app.referrals.outcome.service import decide, reopen
from app.referrals.types import ConsentState, DomesticAbuseRisk, Flag, Outcome
from tests.clock import FRIDAY
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.checks import staff_actor
from tests.factories.referrals import make_referral
from tests.page_form import form_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OPENED = FRIDAY - HOUR / 2
WEDNESDAY_NIGHT = FRIDAY.replace(day=25, hour=23, minute=59, second=59, microsecond=0)
TONIGHT = end_of_day(london_date(FRIDAY))


@pytest.fixture
def staff(in_app):
    with transaction() as session:
        return make_member(make_staff(session, Role.CHAIR))


def _months_old(protocol, *flags, reopened=None, outcome=Outcome.SECTION_17, received=60):
    """A referral of 60 days ago, decided the day after; opened again at a moment."""
    with transaction() as session:
        then = FRIDAY - received * DAY
        referral = make_referral(
            session, 1, received_at=then, flags=flags, consent=ConsentState.GIVEN
        )
        use_protocol(session, protocol)
        actor = staff_actor(session)
        decide(session, actor, referral, outcome, "To be assessed", then + DAY / 2)
        if reopened is not None:
            reopen(session, actor, referral, "The school rang", reopened, referral.version)
        return referral.ref


def _needed(staff, ref, at=FRIDAY, **occasion):
    with transaction() as session:
        asked = Occasion(referral_ref=ref, **occasion)
        return service.decide_needed(session, staff, asked, "New bruises", at, at).id


def _meeting(meeting_id):
    db.session.remove()
    return reading().get_one(Meeting, meeting_id)


def _call_off(meeting_id):
    with transaction() as session:
        session.get_one(Meeting, meeting_id).state = MeetingState.CANCELLED


BY_AREA = pytest.mark.parametrize(
    ("protocol", "flags", "rule", "reopened_due", "otherwise_due"),
    [
        ("london", (), "three-working-days", WEDNESDAY_NIGHT, WEDNESDAY_NIGHT),
        ("bury", (), "bury-24h", OPENED + DAY, FRIDAY + DAY),
        ("bromley", (Flag.SERIOUS_HARM,), "serious-harm", TONIGHT, TONIGHT),
    ],
)


@BY_AREA
@pytest.mark.parametrize("is_reopened", [True, False])
def test_it_never_counts_from_the_months_old_referral(
    staff, protocol, flags, rule, reopened_due, otherwise_due, is_reopened
):
    ref = _months_old(protocol, *flags, reopened=OPENED if is_reopened else None)
    meeting = _meeting(_needed(staff, ref))
    assert meeting.due_at == (reopened_due if is_reopened else otherwise_due)
    kept = restore(meeting.clocks)
    assert kept.clocks[Clock.STRATEGY_DISCUSSION].rule == rule
    assert kept.facts.received_at == (OPENED if is_reopened else None)
    # The assessment that it may start follows.
    assert kept.clocks[Clock.ASSESSMENT].start_at == (OPENED if is_reopened else FRIDAY)
    need = reading().execute(select(Referral.need_identified_at)).scalar_one()
    assert need == meeting.need_decided_at == FRIDAY


@pytest.mark.parametrize("held", [False, True])
def test_one_that_takes_place_at_once_is_not_months_late(staff, held):
    """C11: a reopening typed after the call that made it necessary does not hurry it either."""
    ref = _months_old("london", Flag.SERIOUS_HARM, reopened=FRIDAY)
    with transaction() as session:
        occasion = Occasion(referral_ref=ref)
        if held:
            police = Present(Attendance.BY_PHONE, name="DS Holt", agency_name="Police")
            began = FRIDAY - 2 * HOUR
            given = HeldAlready(began, FRIDAY - HOUR, "Bruises", Format.CALL, "", (police,))
            meeting = service.record_held(session, staff, occasion, given, SENDER, FRIDAY)
            assert restore(meeting.clocks).facts.received_at == began
        else:
            meeting = service.start_now(session, staff, occasion, Started(), SENDER, FRIDAY)
        assert meeting.due_at == TONIGHT


def test_information_told_counts_whichever_way(staff):
    arrived = FRIDAY - 5 * HOUR
    for reopened in (OPENED, None):
        ref = _months_old("bury", reopened=reopened)
        meeting = _meeting(_needed(staff, ref, information_at=arrived))
        assert meeting.due_at == arrived + DAY


def test_decided_anew_after_a_cancellation_it_runs_on_and_not_from_the_old_referral(staff):
    for reopened in (OPENED, None):
        ref = _months_old("bury", reopened=reopened)
        first = _needed(staff, ref)
        due = _meeting(first).due_at
        _call_off(first)
        assert _meeting(_needed(staff, ref, FRIDAY + 5 * HOUR)).due_at == due


def test_a_decision_otherwise_settles_what_was_cancelled_before_it(staff):
    """Its need is over: one decided months later is another, as of an open case (A11)."""
    ref = _months_old("bromley", reopened=OPENED)
    _call_off(_needed(staff, ref))
    with transaction() as session:
        referral = session.execute(select(Referral)).scalar_one()
        at = FRIDAY + 2 * HOUR
        decide(session, staff_actor(session), referral, Outcome.SECTION_17, "Assess", at)
    later = FRIDAY + 60 * DAY
    second = _meeting(_needed(staff, ref, later))
    assert second.due_at == later + DAY
    # The next cancellation runs on from that one, and the referral is still not its start.
    _call_off(second.id)
    assert _meeting(_needed(staff, ref, later + HOUR)).due_at == later + DAY
    with transaction() as session:
        for one in session.execute(select(Meeting)).scalars():
            one.state = MeetingState.CANCELLED
        referral = session.execute(select(Referral)).scalar_one()
        actor, at = staff_actor(session), later + 3 * HOUR
        decide(session, actor, referral, Outcome.ADVICE, "Told", at)
        reopen(session, actor, referral, "The GP rang", at + HOUR, referral.version)
    assert _meeting(_needed(staff, ref, at + 2 * HOUR)).due_at == at + 2 * HOUR + DAY


@pytest.mark.parametrize(
    ("reopened", "words"),
    [(True, "The referral was opened again"), (False, "decided as something else before")],
)
def test_the_page_offers_when_the_information_arrived(change, signed_in, reopened, words):
    with change() as session:
        then = now() - 40 * DAY
        referral = make_referral(session, 1, received_at=then, consent=ConsentState.GIVEN)
        use_protocol(session, "bury")
        actor = staff_actor(session)
        decide(session, actor, referral, Outcome.SECTION_17, "Assess", then + DAY / 2)
        if reopened:
            reopen(session, actor, referral, "The school rang", now() - HOUR, referral.version)
        ref = referral.ref
    path = f"/referrals/{ref}/strategy-discussion"
    page = signed_in(Role.CHAIR).get(path).text
    assert words in page and "information_at-day" in form_of(page, path)
    assert f'<time datetime="{(then + DAY).isoformat()}"' not in page and ">Late<" not in page


# The decision on the contact is met when it was taken, not when it was typed (A7, C11)


def _fresh(received=25 * HOUR, protocol="london", risk=None):
    with transaction() as session:
        referral = make_referral(
            session, 1, received_at=FRIDAY - received, domestic_abuse=risk, flags=()
        )
        use_protocol(session, protocol)
        if risk is not None:
            begin(session, staff_actor(session), referral, risk, FRIDAY - received)
        return referral.ref


def _held(staff, ref, began):
    police = Present(Attendance.BY_PHONE, name="DS Holt", agency_name="Police")
    given = HeldAlready(began, began + HOUR, "Bruises", Format.CALL, "", (police,))
    with transaction() as session:
        service.record_held(session, staff, Occasion(referral_ref=ref), given, SENDER, FRIDAY)


@pytest.mark.parametrize("held", [True, False])
def test_a_decision_taken_in_time_and_typed_later_is_in_time(staff, held):
    ref = _fresh(risk=DomesticAbuseRisk.MEDIUM)
    taken = FRIDAY - 20 * HOUR
    if held:
        _held(staff, ref, taken)
    else:
        with transaction() as session:
            occasion = Occasion(referral_ref=ref)
            service.decide_needed(session, staff, occasion, "Bruises", taken, FRIDAY)
    referral = reading().execute(select(Referral)).scalar_one()
    assert referral.decided_at == taken < referral.decision_due_at < FRIDAY
    decision = reading().execute(select(ReferralDecision)).scalar_one()
    assert decision.decided_at == taken
    # Where no clock of its own runs for domestic abuse, that is met by the same decision.
    case = reading().execute(select(AbuseCase)).scalar_one()
    assert case.closed_at == taken
    [told] = (
        reading()
        .execute(select(AuditEntry).where(AuditEntry.action == "referral decided"))
        .scalars()
    )
    assert told.at == FRIDAY and told.details["in_time"] is True
    assert told.details["decided_at"] == taken.isoformat()


def test_no_decision_stands_before_the_referral_or_what_was_decided_on_it(staff):
    """The call came before the form, or before it was opened again: the figures count from 0."""
    early = _fresh(received=HOUR)
    _held(staff, early, FRIDAY - 2 * HOUR)
    referral = reading().execute(select(Referral)).scalar_one()
    assert referral.decided_at == referral.received_at
    db.session.remove()
    for reopened in (OPENED, None):
        ref = _months_old("london", reopened=reopened, received=1)
        _held(staff, ref, FRIDAY - 14 * HOUR)
        again = reading().execute(select(Referral).where(Referral.ref == ref)).scalar_one()
        first, last = (
            reading()
            .execute(
                select(ReferralDecision.decided_at)
                .where(ReferralDecision.referral_id == again.id)
                .order_by(ReferralDecision.id)
            )
            .scalars()
        )
        assert last == (reopened or first) and again.decided_at == last
        db.session.remove()


@pytest.mark.parametrize(
    ("hours", "counts_from_receipt"),
    [
        pytest.param((25,), True, id="put right within minutes, though the referral is older"),
        pytest.param((2, 20), True, id="two wrong presses of the same day"),
        pytest.param((1, 24), False, id="the first of two stood for more than a day"),
        pytest.param((1,), False, id="stood for more than a day"),
    ],
)
def test_a_decision_put_right_within_a_day_does_not_start_the_clock_anew(
    staff, hours, counts_from_receipt
):
    """`hours` after it was received the wrong decisions were made; needed after 25½."""
    received = FRIDAY - 25.5 * HOUR
    with transaction() as session:
        referral = make_referral(
            session, 1, received_at=received, flags=(Flag.SERIOUS_HARM,),
            consent=ConsentState.GIVEN,
        )  # fmt: skip
        use_protocol(session, "london")
        for after in hours:
            actor, at = staff_actor(session), received + after * HOUR
            decide(session, actor, referral, Outcome.ADVICE, "Advice", at)
        ref = referral.ref
    meeting = _meeting(_needed(staff, ref))
    kept = restore(meeting.clocks)
    assert kept.facts.received_at == (received if counts_from_receipt else None)
    day = received if counts_from_receipt else FRIDAY
    assert meeting.due_at == end_of_day(london_date(day))
    again = _meeting(_needed_again(staff, meeting.id, ref, FRIDAY + HOUR))
    assert again.due_at == meeting.due_at


def _needed_again(staff, meeting_id, ref, at):
    """Called off, decided as advice by a wrong press, and as needed after all."""
    _call_off(meeting_id)
    with transaction() as session:
        referral = session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()
        decide(session, staff_actor(session), referral, Outcome.ADVICE, "Advice", at)
    return _needed(staff, ref, at + HOUR / 10)


def test_new_information_counts_where_a_decision_is_put_right(staff):
    arrived = FRIDAY - HOUR
    with transaction() as session:
        referral = make_referral(
            session, 1, received_at=FRIDAY - 20 * HOUR, consent=ConsentState.GIVEN
        )
        use_protocol(session, "bury")
        at = FRIDAY - 5 * HOUR
        decide(session, staff_actor(session), referral, Outcome.ADVICE, "Advice", at)
        ref = referral.ref
    assert _meeting(_needed(staff, ref, information_at=arrived)).due_at == arrived + DAY
