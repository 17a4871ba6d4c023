"""What the figures count, and what not: by the services that write it (G3, B1, A12), on both
databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import london_date
from app.core.session import reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.discussion.people import add_person
from app.meetings.discussion.types import Newcomer
from app.meetings.need import service
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.sooner.service import ahead
from app.meetings.types import Answer, Attendance, Format, MeetingState
from app.referrals.came_in.service import change_came_in
from app.referrals.came_in.types import CameInGiven
from app.referrals.models import Referral
from app.referrals.outcome.service import decide, reopen
from app.referrals.outcome.types import FilterReason, Ground
from app.referrals.rating.service import rate
from app.referrals.types import Channel, Outcome, Rating
from app.reports.dataset.models import DatasetFigure
from app.reports.dataset.page import choose, page_of
from app.reports.dataset.types import Measure
from app.reports.dataset.worker import work_out
from app.reports.quality.sample.queries import population, undrawn
from app.retention.cases import CaseRows
from app.retention.erasing import erase
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.checks import make_check, staff_actor
from tests.factories.directory import make_professional
from tests.factories.meetings import make_case, make_council, make_meeting, make_person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REASON = "Unexplained bruising: significant harm is suspected."
HELD = "Strategy discussion held"
NONE = Ground(filtered=FilterReason.OTHER_AREA)


def tables(app, moment, *, protected=False):
    """Every table of the quarter as the page shows it, counted at this moment."""
    while work_out(app.extensions["settings"], moment):
        pass
    page = page_of(reading(), choose(reading(), {}, moment), protected=protected, now=moment)
    return {one.id: dict(one.rows) for section in page.sections for one in section.tables}


def counted(rows):
    """The first figure of each row that is not nought."""
    return {words: values[0] for words, values in rows.items() if values[0] != "0"}


def asked_in(session, protocol):
    """A council of this area, and its chair."""
    make_council(session).protocol_id = protocol
    return make_member(make_staff(session, Role.CHAIR))


def needed(session, staff, received, decided, typed):
    """A need that was decided at one moment and written down at another."""
    case = make_case(session, children=1, at=received)
    occasion = Occasion(referral_ref=case.ref)
    return service.decide_needed(session, staff, occasion, REASON, decided, typed)


def test_a_missed_limit_behind_a_target_is_counted_beside_it(in_app):
    """Bury means 24 hours in most cases; three working days hold all the same (B1)."""
    with transaction() as session:
        staff = asked_in(session, "bury")
        for held in (5 * HOUR, 2 * DAY, 10 * DAY, None):
            meeting = needed(session, staff, FRIDAY, FRIDAY, FRIDAY)
            meeting.started_at = FRIDAY + held if held else None
    clocks = tables(in_app, FRIDAY + 2 * DAY)["clocks"]
    assert clocks[f"{HELD} (target)"] == ("1", "2", "1", "0", "25%")
    assert clocks[HELD] == ("2", "1", "0", "1", "67%")
    clocks = tables(in_app, FRIDAY + 11 * DAY)["clocks"]
    assert clocks[HELD] == ("2", "1", "1", "0", "50%")


def test_few_limits_are_not_found_among_targets_with_a_limit_behind(in_app):
    """Two of a limit of their own, late, beside eight late targets whose limit was missed too: what
    is shown of both lines and of the reasons says nothing of the two."""
    with transaction() as session:
        make_council(session)
        chair = make_staff(session, Role.CHAIR)
        for number in range(24):
            meeting = make_meeting(session, MeetingState.ENDED, 1, children=1, chair=chair)
            meeting.started_at = FRIDAY + (9 * DAY if number < 10 else HOUR)
            meeting.ended_at = meeting.started_at + HOUR
            if number > 1:
                meeting.clocks = {"clocks": {"strategy_discussion": {"force": "target"}}}
                meeting.limit_at = FRIDAY + 3 * DAY
    shown = tables(in_app, FRIDAY)
    assert shown["clocks"][HELD][:2] == ("14", "10")
    assert shown["clocks"][f"{HELD} (target)"][:2] == ("14", "8")
    shown = tables(in_app, FRIDAY, protected=True)
    assert shown["late_because"]["It was booked in time and began late"][0] == "10"
    assert shown["clocks"][HELD][1] == shown["clocks"][f"{HELD} (target)"][1] == "c"


def test_a_missed_plan_is_no_missed_limit(in_app):
    """Blackburn intends a time for answers by rating; before it was rated the limit of the decision
    holds, and an open request follows (B1; HO2014 Blackburn, IMAP 5)."""
    name = "Information from agencies"
    with transaction() as session:
        asked_in(session, "blackburn")
        case = make_case(session, children=1)
        for _ in range(2):
            make_check(session, case, FRIDAY)
        later = make_check(session, case, FRIDAY)
        later.answered_at, later.next_reminder_at = FRIDAY + HOUR, None
        session.flush()
        rate(session, staff_actor(session), case, Rating.AMBER, "Seen.", FRIDAY + HOUR)
    shown = tables(in_app, FRIDAY + 5 * DAY)
    assert shown["clocks"][f"{name} (plan)"] == ("0", "0", "2", "0", "0%")
    assert shown["clocks"][name] == ("1", "0", "0", "0", "100%")
    [asked] = shown["asked"].values()
    assert asked == ("1", "0", "2", "0", "33%")


def test_a_missed_target_for_the_record_is_no_missed_limit(in_app):
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.ENDED, children=1)
        meeting.clocks = {"clocks": {"record_circulated": {"force": "target"}}}
    clocks = tables(in_app, FRIDAY + 9 * DAY)["clocks"]
    name = "Record with everybody within its time"
    assert clocks[f"{name} (target)"] == ("0", "0", "1", "0", "0%")
    assert clocks[name] == ("0", "0", "0", "0", "none yet")


def test_no_answer_is_missed_of_whoever_was_never_asked_for_one(in_app):
    """Of who was invited before a booked discussion began: not of those who were rung at once, took
    part in one that was written down afterwards or joined, nor of our own staff."""
    with transaction() as session:
        staff = asked_in(session, "bromley")
        booked = make_meeting(session, MeetingState.ENDED, children=1)
        booked.state = MeetingState.UNDER_WAY
        school = ("Jo Marsh", "Teacher", ProfessionalRole.TEACHER, "A school", AgencyKind.EDUCATION)
        add_person(session, staff.actor, booked, Newcomer(*school), booked.started_at + HOUR / 4)
        booked.state = MeetingState.ENDED
        booked.invitees[1].answer = Answer.DIAL_IN
        rung = make_person(session, ProfessionalRole.GP, AgencyKind.HOUSING).id
        case = make_case(session, children=1)
        given = Started(professional_ids=(rung,))
        at_once = service.start_now(session, staff, Occasion(case.ref), given, SENDER, FRIDAY)
        at_once.ended_at = FRIDAY + HOUR
        there = Present(Attendance.BY_PHONE, name="DS Holt", agency_kind=AgencyKind.PROBATION)
        held = HeldAlready(FRIDAY - HOUR, FRIDAY, REASON, Format.CALL, people=(there,))
        case = make_case(session, children=1)
        service.record_held(session, staff, Occasion(case.ref), held, SENDER, FRIDAY)
        whole = CaseRows(booked.referral_id, booked.referral_id, [booked.id], [])
    expected = {"Police": ("1", "0", "100%"), "Health": ("0", "1", "0%")}
    shown = tables(in_app, FRIDAY + DAY)
    assert shown["answered"] == expected
    assert {"Education", "Housing", "Probation"} < set(shown["attendance"])
    with transaction() as session:
        erase(session, whole, FRIDAY + DAY)
    assert tables(in_app, FRIDAY + 3 * DAY)["answered"] == expected


def test_a_reopening_makes_no_late_decision_timely(in_app):
    """The first decision counts, also after a second reopening; when it was due moves with the
    moment of receipt alone."""
    with transaction() as session:
        asked_in(session, "bromley")
        actor = staff_actor(session)
        case = make_case(session, children=1)
        for days in (2, 3):
            at = FRIDAY + days * DAY
            decide(session, actor, case, Outcome.ADVICE, "Spoken to.", at)
            reopen(session, actor, case, "The school rang.", at + HOUR, case.version)
    shown = tables(in_app, FRIDAY + 4 * DAY)
    assert counted(shown["outcome"]) == {"Opened again, not decided since": "1"}
    assert counted(shown["time"]) == {"1 to 3 days": "1"}
    assert shown["clocks"]["Decision on the referral"] == ("0", "1", "0", "0", "0%")
    with transaction() as session:
        case = session.execute(select(Referral)).scalar_one()
        assert case.first_due_at == FRIDAY + DAY
        given = CameInGiven(FRIDAY - 2 * DAY, Channel.PHONE, case.source_agency_id)
        change_came_in(session, actor, case, given, FRIDAY + 4 * DAY, case.version, ahead)
        assert case.first_due_at == FRIDAY - DAY
    assert counted(tables(in_app, FRIDAY + 5 * DAY)["time"]) == {"3 to 5 days": "1"}


def test_our_own_delay_is_not_the_agencys(in_app):
    """Asked when its time was over, an agency has an hour, as on every page (A6)."""
    with transaction() as session:
        asked_in(session, "bromley")
        case = make_case(session, children=1)
        asked = case.decision_due_at + DAY
        for answered, withdrawn in ((30, 0), (90, 0), (0, 30), (0, 90), (0, 0)):
            check = make_check(session, case, asked)
            check.next_reminder_at = None
            check.answered_at = asked + answered * HOUR / 60 if answered else None
            if withdrawn:
                check.withdrawn_at = asked + withdrawn * HOUR / 60
                check.withdrawn_reason = "The referral is decided"
    [asked_then] = tables(in_app, asked + HOUR)["asked"].values()
    assert asked_then == ("1", "1", "0", "2", "50%")
    [asked_then] = tables(in_app, asked + 2 * DAY)["asked"].values()
    assert asked_then == ("1", "1", "2", "0", "25%")


def test_what_was_no_referral_is_counted_by_itself(in_app):
    """A12: by reason, in no other figure of referrals, and in no sample for case audit; opened
    again, it is one. What was deleted stays what it was."""
    with transaction() as session:
        asked_in(session, "bromley")
        actor = staff_actor(session)
        first, second, third = (make_case(session, children=1) for _ in range(3))
        decide(session, actor, first, Outcome.NO_FURTHER_ACTION, "No concern.", FRIDAY)
        for one in (second, third):
            at = FRIDAY + HOUR
            decide(session, actor, one, Outcome.NO_FURTHER_ACTION, "Theirs.", at, ground=NONE)
        before = make_case(session, children=1, at=FRIDAY - 30 * DAY)
        decide(session, actor, before, Outcome.NO_FURTHER_ACTION, "Theirs.", FRIDAY, ground=NONE)
        drawn = population(session, FRIDAY - DAY, FRIDAY + DAY)
        assert [one.ref for one in drawn] == [first.ref]
        # A month of nothing else has no sample to be drawn.
        assert undrawn(session, london_date(FRIDAY)) == ()
        numbers = [second.id, third.id]
    shown = tables(in_app, FRIDAY + DAY)
    assert counted(shown["no_referral"]) == {"The child lives in another area": "3"}
    assert counted(shown["outcome"]) == {"No further action": "1"}
    for measure in (Measure.SOURCE, Measure.CONCERN, Measure.TIME, Measure.AGAIN, Measure.HOUR):
        assert list(counted(shown[measure.value]).values()) == ["1"], measure
    assert shown["clocks"]["Decision on the referral"][0] == "1"
    with transaction() as session:
        again = session.get_one(Referral, numbers[0])
        reopen(session, actor, again, "It is ours.", FRIDAY + DAY, again.version)
        erase(session, CaseRows(numbers[1], numbers[1], [], []), FRIDAY + DAY)
    shown = tables(in_app, FRIDAY + 3 * DAY)
    assert counted(shown["no_referral"]) == {"The child lives in another area": "2"}
    assert counted(shown["outcome"]) == {
        "No further action": "1",
        "Opened again, not decided since": "1",
    }


@pytest.mark.parametrize(
    ("decided", "typed", "reason"),
    [
        (10 * DAY, 10 * DAY, "The need was decided after the deadline"),
        (HOUR, 10 * DAY, "No earlier time was booked"),
    ],
)
def test_lateness_and_month_follow_the_decision_and_not_the_typing(in_app, decided, typed, reason):
    """Bury: 24 hours from receipt. Decided in October, typed in November."""
    received = FRIDAY - 25 * DAY
    with transaction() as session:
        staff = asked_in(session, "bury")
        meeting = needed(session, staff, received, received + decided, received + typed)
        meeting.started_at = FRIDAY
    assert counted(tables(in_app, FRIDAY)["late_because"]) == {reason: "1"}
    month = select(DatasetFigure.month).where(DatasetFigure.measure == Measure.DISCUSSION.value)
    expected = f"{received + decided:%Y-%m}"
    assert list(reading().execute(month).scalars()) == [expected]


def test_one_written_down_afterwards_counts_in_the_month_in_which_it_was_held(in_app):
    received = FRIDAY - 25 * DAY
    with transaction() as session:
        staff = asked_in(session, "bury")
        case = make_case(session, children=1, at=received)
        there = Present(Attendance.BY_PHONE, professional_id=make_professional(session).id)
        began = received + 2 * DAY
        held = HeldAlready(began, began + HOUR, REASON, Format.CALL, people=(there,))
        service.record_held(session, staff, Occasion(case.ref), held, SENDER, FRIDAY)
    assert counted(tables(in_app, FRIDAY)["late_because"]) == {
        "The need was decided after the deadline": "1"
    }
    months = select(DatasetFigure.month).where(DatasetFigure.measure == Measure.ATTENDANCE.value)
    assert set(reading().execute(months).scalars()) == {"2026-10"}


def test_what_is_not_decided_is_one_number_in_every_table_that_shows_it(in_app):
    """One that was opened again is in no row that is always shown: the difference of two of them
    would be how many there are, however few."""
    with transaction() as session:
        asked_in(session, "bromley")
        actor = staff_actor(session)
        for number in range(40):
            case = make_case(session, children=1)
            if number < 30:
                outcome = Outcome.ADVICE if number % 2 else Outcome.EARLY_HELP
                decide(session, actor, case, outcome, "Spoken to.", FRIDAY + HOUR)
        decide(session, actor, case, Outcome.ADVICE, "Spoken to.", FRIDAY + HOUR)
        reopen(session, actor, case, "The school rang.", FRIDAY + 2 * HOUR, case.version)
    shown = tables(in_app, FRIDAY + 3 * HOUR, protected=True)
    assert shown["outcome"]["Not decided yet"][0] == shown["time"]["Not decided yet"][0] == "9"
    assert shown["outcome"]["Opened again, not decided since"][0] == "c"


def called_off(session, meeting, at, **changes):
    meeting.state, meeting.cancelled_at, meeting.cancel_reason = MeetingState.CANCELLED, at, "Ill"
    for name, value in changes.items():
        setattr(meeting, name, value)


@pytest.mark.parametrize(
    ("cancelled", "changes", "missed"),
    [
        pytest.param(2 * DAY, {}, True, id="after its deadline"),
        pytest.param(HOUR, {}, True, id="before it, another needed still"),
        pytest.param(HOUR, {"not_needed_at": FRIDAY + 2 * HOUR}, False, id="none needed, in time"),
        pytest.param(HOUR, {"not_needed_at": FRIDAY + 2 * DAY}, True, id="none needed, too late"),
        pytest.param(2 * DAY, {"replaced_at": FRIDAY + 2 * DAY}, False, id="another counts for it"),
    ],
)
def test_a_cancelled_one_is_missed_when_its_time_ran_out(in_app, cancelled, changes, missed):
    """To cancel it is no way out of a limit (B1): as with a request that was withdrawn too late."""
    with transaction() as session:
        staff = asked_in(session, "bromley")
        meeting = needed(session, staff, FRIDAY, FRIDAY, FRIDAY)
        called_off(session, meeting, FRIDAY + cancelled, **changes)
    row = ("0", "0", "1", "0", "0%") if missed else ("0", "0", "0", "0", "none yet")
    assert tables(in_app, FRIDAY + 3 * DAY)["clocks"][HELD] == row


def test_a_cancelled_one_whose_referral_was_decided_otherwise_in_time_is_none(in_app):
    with transaction() as session:
        staff = asked_in(session, "bromley")
        meeting = needed(session, staff, FRIDAY, FRIDAY, FRIDAY)
        called_off(session, meeting, FRIDAY + HOUR)
        referral = session.execute(select(Referral)).scalar_one()
        decide(session, staff.actor, referral, Outcome.ADVICE, "Not needed.", FRIDAY + HOUR)
    row = tables(in_app, FRIDAY + 3 * DAY)["clocks"][HELD]
    assert row == ("0", "0", "0", "0", "none yet")
