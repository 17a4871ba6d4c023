"""The dataset by hand-counted figures, who sees what, and the file (G3), on both databases."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.directory.types import AgencyKind
from app.directory.wards.queries import listed
from app.directory.wards.service import save_list
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference
from app.meetings.types import Answer, Attendance, MeetingState
from app.referrals.models import Referral, ReferralRating
from app.referrals.re_referrals import count_beside
from app.referrals.types import Concern, Outcome, Rating, RatingStage, ReferralState
from app.reports.dataset.models import DatasetFigure, DatasetMonth
from app.reports.dataset.page import choose, page_of
from app.reports.dataset.rules import month_of
from app.reports.dataset.service import MEASURES
from app.reports.dataset.worker import work_out
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.checks import make_check
from tests.factories.directory import make_agency
from tests.factories.meetings import make_case, make_council, make_meeting

HOUR = timedelta(hours=1)
# The night on which clocks go back: 0:30 UTC is half past one, 1:30 UTC is half past one again.
TURN = datetime(2026, 10, 25, tzinfo=UTC)
WARDS = "Mill, North, Team A\nLock, North, Team A\nCanal, South, Team B"


def count_all(app, moment):
    """Let the worker count until nothing is left; returns how often it ran."""
    settings, runs = app.extensions["settings"], 0
    while work_out(settings, moment):
        runs += 1
    return runs


def decided(referral, hours, outcome=Outcome.ADVICE):
    referral.state, referral.outcome = ReferralState.DECIDED, outcome
    referral.decided_at = referral.received_at + hours * HOUR


def rated(session, referral, rating, stage):
    session.add(
        ReferralRating(
            referral_id=referral.id, rating=rating, stage=stage, reason="Seen.",
            early_because=None, rated_by_id=referral.recorded_by_id, rated_at=referral.received_at,
        )
    )  # fmt: skip


def shown(app, moment, *, protected=False, **asked):
    picked = choose(reading(), asked, moment)
    page = page_of(reading(), picked, protected=protected, now=moment)
    tables = {table.id: table for section in page.sections for table in section.tables}
    if page.hotspots:
        tables["hotspots"] = page.hotspots
    return page, tables


def figures(table):
    """The first figure of each row that is not nought."""
    return {words: values[0] for words, values in table.rows if values[0] != "0"}


@pytest.fixture
def wards(in_app):
    with transaction() as session:
        make_council(session)
        save_list(session, SYSTEM, WARDS, "", FRIDAY)
        return {ward.name: ward.id for ward in listed(session)}


@pytest.fixture
def quarter(in_app, wards):
    """Five referrals of one quarter and one of the quarter before, counted by hand below."""
    with transaction() as session:
        neglect, hitting = (Concern.NEGLECT,), (Concern.PHYSICAL_ABUSE, Concern.NEGLECT)
        first = make_case(session, children=1, at=FRIDAY, concerns=hitting)
        decided(first, 3, Outcome.STRATEGY_DISCUSSION)
        rated(session, first, Rating.AMBER, RatingStage.BEFORE)
        rated(session, first, Rating.GREEN, RatingStage.AFTER)
        rated(session, first, Rating.RED, RatingStage.AFTER)
        second = make_case(session, children=1, at=FRIDAY, concerns=neglect)
        decided(second, 25)
        second.earlier_referral_id = first.id
        third = make_case(session, children=1, at=FRIDAY - HOUR, concerns=neglect)
        rated(session, third, Rating.GREEN, RatingStage.BEFORE)
        for at in (TURN + 0.5 * HOUR, TURN + 1.5 * HOUR):
            make_case(session, children=1, at=at, concerns=neglect)
        before = make_case(session, children=1, at=TURN - timedelta(days=40), concerns=neglect)
        for referral, ward in ((first, "Mill"), (second, "Mill"), (third, "Canal")):
            referral.ward_id = wards[ward]
        before.ward_id = wards["Mill"]
        police = make_agency(session, AgencyKind.POLICE)
        first.source_agency_id = police.id
        session.flush()
        return first.ref


def test_the_figures_are_those_counted_by_hand(in_app, quarter):
    count_all(in_app, FRIDAY)
    page, tables = shown(in_app, FRIDAY, period="2026-10-to-2026-12")
    assert page.progress.complete
    assert figures(tables["source"]) == {"Police": "1", "Education": "4"}
    assert figures(tables["concern"]) == {"Physical abuse": "1", "Neglect": "5"}
    assert figures(tables["rating"]) == {
        "Amber before, red after": "1", "Green, not rated again": "1", "Not rated": "3",
    }  # fmt: skip
    assert figures(tables["outcome"]) == {
        "Strategy discussion": "1", "Advice": "1", "Not decided yet": "3",
    }  # fmt: skip
    assert figures(tables["time"]) == {
        "Within 4 hours": "1", "1 to 3 days": "1", "Not decided yet": "3",
    }  # fmt: skip
    assert figures(tables["again"]) == {
        "Re-referral": "1",
        "First, or after more than 12 months": "4",
    }
    # Half past one came twice that Sunday; the Friday ones came at quarter to five and to four.
    assert figures(tables["hour"]) == {
        "01:00 to 01:59": "2",
        "15:00 to 15:59": "1",
        "16:00 to 16:59": "2",
    }
    assert figures(tables["weekday"]) == {"Friday": "3", "Sunday": "2"}
    clocks = dict(tables["clocks"].rows)
    # Two came four weeks before and are not decided yet: missed. One is not due.
    assert clocks["Decision on the referral"] == ("1", "1", "2", "1", "25%")
    assert dict(tables["hotspots"].rows) == {
        "Mill (North)": ("1", "2"), "Canal (South)": ("0", "1"), "Ward not known": ("0", "2"),
    }  # fmt: skip


def test_filters_pick_period_team_and_area(in_app, quarter):
    count_all(in_app, FRIDAY)
    _, tables = shown(in_app, FRIDAY, period="2026-10-to-2026-12", team="Team A")
    assert figures(tables["outcome"]) == {"Strategy discussion": "1", "Advice": "1"}
    assert "concern" not in tables
    assert [words for words, _ in tables["hotspots"].rows] == ["Mill (North)"]
    _, tables = shown(in_app, FRIDAY, period="2026-10-to-2026-12", area="South")
    assert figures(tables["outcome"]) == {"Not decided yet": "1"}
    _, tables = shown(in_app, FRIDAY, period="2026-07-to-2026-09")
    assert figures(tables["outcome"]) == {"Not decided yet": "1"}
    page, tables = shown(in_app, FRIDAY, period="2026-01-to-2026-12", team="no such", area="'--")
    assert page.chosen.where == "The whole council"
    assert figures(tables["outcome"])["Not decided yet"] == "4"


def test_clocks_answers_and_attendance_of_discussions(in_app, wards):
    with transaction() as session:
        early = make_meeting(session, MeetingState.SIGNED, children=1, start=FRIDAY + 5 * HOUR)
        # In time, and corrected since: it counts as what it was.
        early.first_circulated_at = early.record_due_at
        late = make_meeting(session, MeetingState.ENDED, children=1, start=FRIDAY + 60 * HOUR)
        begun = make_meeting(session, MeetingState.ENDED, children=1, start=FRIDAY + 30 * HOUR)
        begun.starts_at = FRIDAY + HOUR
        make_meeting(session, MeetingState.NEEDED, children=1)
        make_meeting(session, MeetingState.CANCELLED, children=1)
        chair, police, health = early.invitees
        chair.answer, police.answer = Answer.ATTEND, Answer.DIAL_IN
        chair.attendance = Attendance.IN_PERSON
        police.attendance, health.attendance = Attendance.JOINED_LATE, Attendance.ABSENT
        for meeting, held in ((early, FRIDAY), (late, FRIDAY + 90 * HOUR)):
            session.add(
                ChildAfter(
                    meeting_id=meeting.id, child_id=meeting.children[0].child_id,
                    enquiry_runs=True, conference=Conference.REQUIRED,
                    conference_decided_later=False, clocks={}, assessment_runs=True,
                    icpc_referral_due_at=FRIDAY + HOUR, icpc_referred_at=held,
                    icpc_due_at=FRIDAY + 80 * HOUR, icpc_held_at=None,
                    assessment_due_at=FRIDAY + 90 * HOUR, assessment_completed_at=held,
                )
            )  # fmt: skip
    count_all(in_app, FRIDAY)
    _, tables = shown(in_app, FRIDAY)
    clocks = dict(tables["clocks"].rows)
    # 24 hours from the manager's decision (BROMLEY 1): in time, two late, one open.
    assert clocks["Strategy discussion held"] == ("1", "2", "0", "1", "33%")
    assert clocks["Record with everybody within its time"] == ("1", "0", "0", "2", "100%")
    referral = clocks["Referral for the initial child protection conference"]
    assert referral == ("1", "1", "0", "0", "50%")
    held = "Initial child protection conference held"
    assert clocks[held] == ("0", "0", "0", "2", "none yet")
    assert clocks["Assessment complete"] == ("2", "0", "0", "0", "100%")
    assert figures(tables["late_because"]) == {
        "No earlier time was booked": "1", "It was booked in time and began late": "1",
    }  # fmt: skip
    attendance = dict(tables["attendance"].rows)
    assert attendance["Children's social care"] == ("1", "0", "0", "2", "100%")
    assert attendance["Health"] == ("0", "0", "1", "2", "0%")
    answered = dict(tables["answered"].rows)
    assert answered == {"Police": ("1", "2", "33%"), "Health": ("0", "3", "0%")}
    # A week on, without any change: what is overdue and still open is missed.
    later = FRIDAY + timedelta(days=7)
    count_all(in_app, later)
    _, tables = shown(in_app, later)
    clocks = dict(tables["clocks"].rows)
    assert clocks[held] == ("0", "0", "2", "0", "0%")
    assert clocks["Strategy discussion held"] == ("1", "2", "1", "0", "25%")
    assert "still open counts as missed" in tables["clocks"].counts


def test_requests_for_information_by_agency(in_app, wards):
    with transaction() as session:
        referral = make_case(session, children=1)
        for hours in (1, 500, None):
            check = make_check(session, referral, FRIDAY)
            check.answered_at = FRIDAY + hours * HOUR if hours else None
            check.next_reminder_at = None
    count_all(in_app, FRIDAY)
    _, tables = shown(in_app, FRIDAY)
    [(_, cells)] = tables["asked"].rows
    assert cells == ("1", "1", "0", "1", "50%")
    assert dict(tables["clocks"].rows)["Information from agencies"] == cells


def test_a_decision_does_not_take_an_overdue_request_out_of_the_figures(in_app, wards):
    with transaction() as session:
        referral = make_case(session, children=1)
        for withdrawn_after in (-HOUR, HOUR):
            check = make_check(session, referral, FRIDAY)
            check.next_reminder_at = None
            check.withdrawn_at = check.due_at + withdrawn_after
            check.withdrawn_reason = "The referral is decided"
    later = FRIDAY + timedelta(days=9)
    count_all(in_app, later)
    _, tables = shown(in_app, later)
    [(_, cells)] = tables["asked"].rows
    assert cells == ("0", "0", "1", "0", "0%")
    assert dict(tables["clocks"].rows)["Information from agencies"] == cells


def test_a_late_discussion_is_not_found_by_taking_one_table_from_the_other(in_app, wards):
    """The reasons add up the late discussions of all forces: two of a limit beside eight of
    a target are what is left of ten."""
    with transaction() as session:
        chair = make_staff(session, Role.CHAIR)
        for number in range(16):
            hours = 60 if number < 10 else 5
            meeting = make_meeting(
                session, MeetingState.ENDED, 1, children=1, chair=chair,
                start=FRIDAY + hours * HOUR,
            )  # fmt: skip
            if number > 1:
                meeting.clocks = {"clocks": {"strategy_discussion": {"force": "target"}}}
                meeting.limit_at = None
    count_all(in_app, FRIDAY)
    target, booked = "Strategy discussion held (target)", "No earlier time was booked"
    _, tables = shown(in_app, FRIDAY)
    clocks = dict(tables["clocks"].rows)
    assert [clocks[one][1] for one in (target[:-9], target)] == ["2", "8"]
    assert dict(tables["late_because"].rows)[booked][0] == "10"
    _, tables = shown(in_app, FRIDAY, protected=True)
    clocks = dict(tables["clocks"].rows)
    assert dict(tables["late_because"].rows)[booked][0] == "10"
    assert clocks[target[:-9]][1] == "c"
    late = [cells[1] for words, cells in clocks.items() if words.startswith(target[:-9])]
    assert late.count("c") > 1, clocks


def test_one_late_decision_is_not_what_the_times_leave(in_app, wards):
    """One of 25 was late: what was in time is withheld by the clock, and so is a part of it."""
    with transaction() as session:
        staff = make_staff(session, Role.TRIAGE)
        for number in range(25):
            case = make_case(session, children=1, staff=staff, concerns=(Concern.NEGLECT,))
            case.ward_id = wards["Mill"]
            decided(case, 30 if number == 0 else 20 if number < 9 else 2)
    count_all(in_app, FRIDAY)
    _, tables = shown(in_app, FRIDAY, protected=True)
    assert dict(tables["clocks"].rows)["Decision on the referral"][:2] == ("c", "c")
    times = figures(tables["time"])
    assert times["1 to 3 days"] == "c"
    in_time = {times["Within 4 hours"], times["4 to 24 hours"]}
    assert "c" in in_time and len(in_time) == 2, times


def test_what_changes_is_counted_again_and_nothing_else(in_app, quarter):
    runs = count_all(in_app, FRIDAY)
    assert runs >= 3 * len(MEASURES)  # September to November
    assert count_all(in_app, FRIDAY + HOUR) == 0
    with transaction() as session:
        make_case(session, children=1, at=FRIDAY)
        record(session, SYSTEM, "concerns changed", Subject("referral", quarter), FRIDAY + HOUR, {})
    later = FRIDAY + 2 * HOUR
    assert count_all(in_app, later) == len(MEASURES)  # the month of the change alone
    worked = dict(reading().execute(select(DatasetMonth.month, DatasetMonth.worked_at)).all())
    assert worked["2026-11"] == later
    assert worked["2026-10"] == FRIDAY
    _, tables = shown(in_app, later)
    assert figures(tables["outcome"])["Not decided yet"] == "4"


def test_a_corrected_moment_is_counted_in_one_month_alone(in_app, quarter):
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.NEEDED, children=1, at=FRIDAY)
        referral = session.get_one(Referral, meeting.referral_id)
        meeting.need_decided_at = FRIDAY - timedelta(days=200)
        ref, number = referral.ref, referral.id
    count_all(in_app, FRIDAY)
    september = FRIDAY - timedelta(days=65)
    with transaction() as session:
        held = session.get_one(Referral, number)
        before, held.received_at = held.received_at, september
        details = {"changed": ["received_at"], "received_before": before.isoformat()}
        record(
            session, SYSTEM, "how it came in changed", Subject("referral", ref), FRIDAY, details
        )  # fmt: skip
    count_all(in_app, FRIDAY + HOUR)
    worked = dict(reading().execute(select(DatasetMonth.month, DatasetMonth.worked_at)).all())
    again = {month for month, at in worked.items() if at == FRIDAY + HOUR}
    left, came = month_of(before), month_of(september)
    assert again == {left, came, month_of(FRIDAY - timedelta(days=200))}
    assert left != came


def test_what_becomes_a_re_referral_by_another_says_so_in_the_audit(in_app):
    with transaction() as session:
        first = make_case(session, children=1, at=FRIDAY)
        second = make_case(session, children=1, at=FRIDAY + HOUR)
        second.children[0].child_id = first.children[0].child_id
        session.flush()
        count_beside(session, SYSTEM, first, FRIDAY + 2 * HOUR)
        assert second.earlier_referral_id == first.id
        newest = session.execute(
            select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)
        ).scalar_one()
        assert (newest.subject_ref, newest.details) == (second.ref, {"re_referral": True})


def test_progress_is_shown_until_every_month_is_counted(in_app, quarter):
    settings = in_app.extensions["settings"]
    for _ in range(len(MEASURES) + 2):
        work_out(settings, FRIDAY)
    page, _ = shown(in_app, FRIDAY, period="2026-10-to-2026-12")
    assert (page.progress.done, page.progress.months) == (1, 2)
    assert 50 <= page.progress.percent < 60


def test_what_may_be_published_has_no_small_number_under_any_filter(in_app, wards):
    with transaction() as session:
        staff = make_staff(session, Role.TRIAGE)
        spread = {"Mill": 9, "Lock": 8, "Canal": 14}
        for ward, many in spread.items():
            for number in range(many):
                case = make_case(session, children=1, staff=staff, concerns=(Concern.NEGLECT,))
                case.ward_id = wards[ward]
                few = number < 2 and ward == "Mill"
                decided(case, 2, Outcome.EARLY_HELP if few else Outcome.ADVICE)
                if few:
                    case.concerns = [Concern.TRAFFICKING.value]
    count_all(in_app, FRIDAY)
    seen = []
    for asked in ({}, {"area": "North"}, {"area": "South"}, {"team": "Team B"}):
        page, tables = shown(in_app, FRIDAY, protected=True, **asked)
        assert page.protected
        for name in ("source", "outcome", "time", "again", "hotspots"):
            seen += [value for _, row in tables[name].rows for value in row if value.isdigit()]
        # Two of North's 17: neither they nor what is left of the 17.
        if asked == {"area": "North"}:
            assert figures(tables["outcome"]) == {"Early help": "c", "Advice": "c"}
        if asked == {}:
            spots = dict(tables["hotspots"].rows)
            assert spots["Mill (North)"] == ("c", "c")
    assert seen
    assert not any(0 < int(value) < 6 for value in seen)


def test_who_may_see_cases_sees_exact_figures_and_the_analyst_does_not(app, signed_in):
    with app.app_context():
        with transaction() as session:
            make_council(session)
            make_case(session, children=1, at=now())
        count_all(app, now())
    chair = signed_in(Role.CHAIR).get("/dataset/").get_data(as_text=True)
    analyst = signed_in(Role.ANALYST).get("/dataset/").get_data(as_text=True)
    assert "These figures are exact" in chair
    assert "Not decided yet: <b>1</b>" in chair
    assert "is withheld and shown as c" in analyst
    assert ": <b>c</b>" in analyst
    for page in (chair, analyst):
        assert "Okonjo" not in page
        assert " style=" not in page


def test_nobody_else_sees_the_dataset(signed_in):
    for role in set(Role) - {Role.CHAIR, Role.ANALYST}:
        assert signed_in(role).get("/dataset/").status_code == 403


def test_the_file_asks_who_it_is_and_is_written_down(app, signed_in):
    with app.app_context():
        with transaction() as session:
            make_council(session)
            save_list(session, SYSTEM, "=1+1, North, Team A", "", now())
            [ward] = listed(session)
            case = make_case(session, children=1, at=now())
            case.ward_id = ward.id
        count_all(app, now())
    browser = signed_in(Role.CHAIR)
    response = browser.get("/dataset/figures.csv?area=North&period=nonsense")
    assert response.status_code == 200
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith("attachment; filename=dataset-")
    assert response.data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(response.get_data().decode("utf-8-sig"))))
    assert {line["Where"] for line in lines} == {"Area North"}
    assert {line["Row"] for line in lines if line["Table"].startswith("Hotspots")} == {
        "'=1+1 (North)"
    }
    with app.app_context():
        said = (
            reading()
            .execute(select(AuditEntry.details).where(AuditEntry.action == "dataset exported"))
            .scalar_one()
        )
        assert (said["area"], said["protected"]) == ("North", False)


def test_the_figures_say_nothing_of_anybody(in_app, quarter):
    """What the analyst's pages are made of holds words of ours alone."""
    count_all(in_app, FRIDAY)
    keys = set(reading().execute(select(DatasetFigure.key)).scalars())
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789_|") for key in keys), keys
    assert reading().execute(select(func.count()).select_from(DatasetFigure)).scalar_one() > 20
