"""The report to the board: figures that may be published, as a page and as a PDF (G6)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from app.accounts.models import StaffSession
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import SYSTEM
from app.core.clock import london_date, now
from app.core.session import reading
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.referrals.types import Outcome
from app.reports.dataset.worker import work_out
from app.reports.duties.queries import quality
from app.reports.quality.board.content import report
from app.reports.quality.board.paper import printed
from app.reports.quality.board.service import make
from app.reports.quality.periods import (
    quarter_before,
    quarter_of,
    quarters_of,
    year,
    year_of,
)  # fmt: skip
from tests.factories.directory import make_agency
from tests.factories.meetings import make_meeting
from tests.factories.quality import drawn
from tests.factories.referrals import make_referral
from tests.unit.records import vera


def test_the_board_reads_no_name(app, month, held, signed_in) -> None:
    period = quarter_of(month.start)
    analyst = signed_in(Role.ANALYST)
    page = analyst.get(f"/quality/reports/{period.key}")
    assert page.status_code == 200
    assert "is counted yet" in page.text
    with app.app_context():
        for child in reading().execute(select(Referral)).scalars().first().children:
            assert child.child.family_name not in page.text
    assert analyst.get("/quality/reports/2099-Q1").status_code == 404


def _figures(app, period, moment):
    with app.app_context():
        while work_out(app.extensions["settings"], moment):
            pass
        found = report(reading(), period, moment)
    return found, {
        table.caption: {row.label: row.value for row in table.rows}
        for section in found.sections
        for table in section.tables
    }


def test_a_year_tells_the_board_no_more_than_its_quarters(app, change) -> None:
    """Five in one quarter are withheld, and two quarters with four each do not add up to eight."""
    moment = now()
    whole = year(year_of(london_date(moment)) - 1)
    first, second, third, _ = quarters_of(whole)
    plan = {
        first: {Outcome.ADVICE: 40, Outcome.EARLY_HELP: 4, Outcome.NO_FURTHER_ACTION: 5},
        second: {Outcome.ADVICE: 40, Outcome.EARLY_HELP: 4, Outcome.NO_FURTHER_ACTION: 12},
        third: {Outcome.ADVICE: 3},
    }
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        for period, outcomes in plan.items():
            at = period.moments[0] + timedelta(days=3)
            for outcome, count in outcomes.items():
                for _ in range(count):
                    make_referral(session, 1, received_at=at, decided=outcome, source=school)
    found, tables = _figures(app, whole, moment)
    outcomes = tables["Outcome"]
    assert outcomes["Early help"] == "Withheld"
    assert outcomes["No further action"] in ("Withheld", "12 or more")
    assert found.counted.startswith("Referrals and discussions as counted by")
    says = found.sections[0].says
    assert "Referrals that came in: 105 or more. Decided within 24 hours: withheld." in says
    quarter = _figures(app, first, moment)[1]
    assert quarter["Outcome"]["No further action"] == "Withheld"
    empty = _figures(app, quarters_of(whole)[3], moment)[1]
    assert empty["Outcome"] == {"Nothing in this period": "0"}


def test_one_late_decision_leaves_the_number_of_referrals_whole(app, change) -> None:
    moment = now()
    last = quarter_before(london_date(moment))
    at = last.moments[0] + timedelta(days=3)
    with change() as session:
        for number in range(24):
            case = make_referral(session, 1, received_at=at, decided=Outcome.ADVICE)
            case.decided_at = at + timedelta(hours=30 if number == 0 else 2)
    says = _figures(app, last, moment)[0].sections[0].says
    assert "Referrals that came in: 24. Decided within 24 hours: withheld." in says


def test_a_missed_target_is_no_missed_limit(app, change) -> None:
    moment = now()
    last = quarter_before(london_date(moment))
    with change() as session:
        for force, late in (("limit", False), ("target", True)):
            for _ in range(6):
                meeting = make_meeting(session, MeetingState.ENDED)
                meeting.need_decided_at = last.moments[0] + timedelta(days=2)
                meeting.due_at = meeting.need_decided_at + timedelta(hours=4)
                # Three working days hold behind a target.
                meeting.limit_at = meeting.due_at + timedelta(days=3 * late)
                meeting.started_at = meeting.due_at + timedelta(hours=1 if late else -1)
                meeting.clocks = {"clocks": {"strategy_discussion": {"force": force}}}
    found, tables = _figures(app, last, moment)
    clocks = tables["Every clock"]
    assert clocks["Strategy discussion held"] == "100%, 12 of 12"
    assert clocks["Strategy discussion held (target)"] == "0%, 0 of 6"
    assert "a time by which to be held: 12." in found.sections[1].says
    assert "Held within their limit: 100%, 12 of 12" in found.sections[1].says
    assert "Held within their target: 0%, 0 of 6" in found.sections[1].says


def test_the_report_is_printed_as_the_record_is(app, month, signed_in) -> None:
    chair = signed_in(Role.CHAIR)
    answer = chair.get(f"/quality/reports/{quarter_of(month.start).key}.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert b"OFFICIAL" not in answer.headers["Content-Disposition"].encode()
    with app.app_context():
        made = printed(report(reading(), quarter_of(month.start), now()), now())
        entry = (
            reading()
            .execute(select(AuditEntry).where(AuditEntry.action == "board report made"))
            .scalar_one()
        )
        empty = printed(report(reading(), quarter_before(month.start), now()), now())
    assert entry.subject_ref == quarter_of(month.start).key
    for pdf in (made, empty):
        assert vera.failures(pdf, "3a") == []
        assert vera.failures(pdf, "ua1") == []


def test_the_first_page_of_who_sees_no_case(app, change, month, signed_in) -> None:
    """What is due, without a name; drawn, and it waits no longer (G1)."""
    last = quarter_before(london_date(now()))
    with change() as session:
        make_referral(session, 1, received_at=last.moments[0])
    analyst, system = signed_in(Role.ANALYST), signed_in(Role.SYSTEM)
    assert f"Draw the sample of {month.words}" in analyst.get("/").text
    assert "Make the report to the board" in analyst.get("/").text
    drawn(app, analyst, month)
    analyst.get(f"/quality/reports/{last.key}.pdf")
    assert "Nothing waits for you" in analyst.get("/").text
    page = system.get("/").text
    assert "The worker does not run" in page
    assert "No backup was ever taken" in page
    assert "RF-" not in page


def test_what_was_downloaded_before_the_quarter_was_over_is_no_report(app, change) -> None:
    moment = now()
    last = quarter_before(london_date(moment))
    with change() as session:
        make_referral(session, 1, received_at=last.moments[0])
        make(session, SYSTEM, last, last.moments[1] - timedelta(hours=1))
    with app.app_context():
        assert not quality(reading(), [Role.ANALYST], moment).report_made
    with change() as session:
        make(session, SYSTEM, last, last.moments[1])
    with app.app_context():
        assert quality(reading(), [Role.ANALYST], moment).report_made


def test_the_file_is_taken_away_by_who_has_just_given_both_factors(
    change, month, signed_in
) -> None:
    chair = signed_in(Role.CHAIR)
    with change() as session:
        session.execute(update(StaffSession).values(reauthenticated_at=now() - timedelta(hours=8)))
    address = f"/quality/reports/{quarter_of(month.start).key}"
    assert chair.get(address).status_code == 200
    assert chair.get(f"{address}.pdf").status_code == 303
