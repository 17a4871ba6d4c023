"""The near-miss log: who reports, who reviews, what stays of it (G6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import SYSTEM
from app.core.session import reading
from app.meetings.types import MeetingState
from app.protocols.registry import active
from app.referrals.models import Referral
from app.reports.quality.board.queries import near_misses as figures
from app.reports.quality.near_misses import service
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.types import NearMissKind
from app.retention.cases import CaseRows
from tests.clock import FRIDAY
from tests.factories.meetings import make_meeting
from tests.factories.quality import id_of
from tests.page_form import form_of, press

NAME = "Quillfeather"
LATER = FRIDAY + timedelta(days=8 * 365)


TOLD = {
    "kind": "wrong_recipient", "what": f"{NAME} nearly got it", "stopped": "The second look",
    "happened_on-day": "1", "happened_on-month": "10", "happened_on-year": "2026",
}  # fmt: skip


def test_anybody_reports_a_near_miss_and_somebody_else_reviews_it(app, held, signed_in) -> None:
    worker, chair = signed_in(Role.SOCIAL_WORKER), signed_in(Role.CHAIR)
    new = "/quality/near-misses/new"
    assert "No case has this reference" in press(worker, new, new, **TOLD, case_ref="SD-X").text
    sent = press(worker, new, new, **TOLD, case_ref=held)
    address = sent.location
    assert NAME in worker.get(address).text
    assert NAME in chair.get("/quality/near-misses").text
    with app.app_context():
        raw = reading().connection().exec_driver_sql("SELECT what FROM near_miss").scalar_one()
        assert NAME not in raw
    assert worker.post(address, data={"review": "x"}).status_code in (400, 403)
    press(chair, address, address, review="The address book was mended.")
    assert NAME not in chair.get("/quality/near-misses").text
    page = chair.get("/quality/near-misses?show=all").text
    assert NAME in page
    assert "Reviewed" in page


def test_nobody_reviews_what_they_reported(signed_in) -> None:
    chair = signed_in(Role.CHAIR)
    new = "/quality/near-misses/new"
    address = press(chair, new, new, **TOLD).location
    assert "Review it" not in chair.get(address).text


def test_the_system_administrator_reads_of_the_system_alone(change, signed_in) -> None:
    other, system, worker = (
        signed_in(role) for role in (Role.TRIAGE, Role.SYSTEM, Role.SOCIAL_WORKER)
    )
    new = "/quality/near-misses/new"
    of_a_case = press(worker, new, new, **TOLD).location
    of_the_system = press(worker, new, new, **TOLD | {"kind": "system", "what": "Line dead"})
    assert system.get(of_a_case).status_code == 404
    assert other.get(of_a_case).status_code == 404
    page = system.get("/quality/near-misses").text
    assert NAME not in page
    assert "Line dead" in page
    assert "Review it" in system.get(of_the_system.location).text


def test_a_form_sent_twice_reports_once(app, signed_in) -> None:
    worker = signed_in(Role.TRIAGE)
    new = "/quality/near-misses/new"
    fields = form_of(worker.get(new).text, new) | TOLD
    assert worker.post(new, data=fields).location == worker.post(new, data=fields).location
    with app.app_context():
        assert len(reading().execute(select(NearMiss)).all()) == 1


def _told(session, app, browser, case_ref: str, **given) -> NearMiss:
    told = service.Told(NearMissKind.NOT_ASKED, FRIDAY.date(), NAME, f"{NAME} too", NAME, case_ref)
    row = service.report(session, SYSTEM, id_of(app, browser), told, FRIDAY)
    for name, value in given.items():
        setattr(row, name, value)
    return row


def test_what_was_written_of_a_case_goes_with_it_and_is_still_counted(
    app, change, signed_in
) -> None:
    chair = signed_in(Role.CHAIR)
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, children=1)
        referral = session.get_one(Referral, meeting.referral_id)
        kept = _told(session, app, chair, make_meeting(session, MeetingState.SIGNED).ref).ref
        reviewed = {"review": NAME, "reviewed_by_id": id_of(app, chair), "reviewed_at": FRIDAY}
        of_case = [
            _told(session, app, chair, meeting.ref).ref,
            _told(session, app, chair, referral.ref, **reviewed).ref,
        ]
        rows = CaseRows(referral.id, referral.id, [meeting.id], [])
    with change() as session:
        service.forget(session, rows, LATER)
    for ref in of_case:
        page = chair.get(f"/quality/near-misses/{ref}").text
        assert NAME not in page
        assert "kept no longer" in page
        assert "Review it" not in page
    assert NAME in chair.get(f"/quality/near-misses/{kept}").text
    log = chair.get("/quality/near-misses?show=all").text
    assert all(ref in log for ref in of_case)
    assert not any(ref in chair.get("/quality/near-misses").text for ref in of_case)
    with app.app_context():
        counts, seen = figures(reading(), FRIDAY - timedelta(days=1), FRIDAY + timedelta(days=1))
        assert (counts[NearMissKind.NOT_ASKED], seen) == (3, 1)
        raw = reading().connection().exec_driver_sql("SELECT what, changed FROM near_miss").all()
    assert [row[1] for row in raw].count(None) == 2


def test_what_was_written_of_no_case_goes_when_a_case_of_that_day_could(
    app, change, signed_in
) -> None:
    chair = signed_in(Role.CHAIR)
    years = 6
    with change() as session:
        ref = _told(session, app, chair, "").ref
        rules = active("bromley").retention
        assert min(rule.years for rule in rules) == years
        assert service.forget_old(session, rules, FRIDAY.replace(year=FRIDAY.year + years)) == 0
    assert NAME in chair.get(f"/quality/near-misses/{ref}").text
    day_after = FRIDAY.replace(year=FRIDAY.year + years) + timedelta(days=1)
    with change() as session:
        assert service.forget_old(session, rules, day_after) == 1
        assert service.forget_old(session, rules, day_after) == 0
    assert NAME not in chair.get(f"/quality/near-misses/{ref}").text


@pytest.mark.parametrize("of_a_referral", [True, False])
def test_words_do_not_outlive_a_case_that_went_without_them(
    app, change, signed_in, of_a_referral
) -> None:
    """Deleted before the log went with its case, or while somebody was reporting."""
    chair = signed_in(Role.CHAIR)
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, children=1)
        case = session.get_one(Referral, meeting.referral_id) if of_a_referral else meeting
        ref = _told(session, app, chair, case.ref).ref
        kept = _told(session, app, chair, make_meeting(session, MeetingState.SIGNED).ref).ref
        case.erased_at = FRIDAY
    rules = active("bromley").retention
    with change() as session:
        assert service.forget_old(session, rules, FRIDAY) == 1
        assert service.forget_old(session, rules, FRIDAY) == 0
    page = chair.get(f"/quality/near-misses/{ref}").text
    assert NAME not in page
    assert "kept no longer" in page
    assert NAME in chair.get(f"/quality/near-misses/{kept}").text
    with app.app_context():
        emptied = select(AuditEntry.actor_kind, AuditEntry.details).where(
            AuditEntry.action == "near misses emptied"
        )
        assert reading().execute(emptied).all() == [(SYSTEM.kind, {"count": 1})]


def test_a_deleted_case_is_named_no_more(change, signed_in) -> None:
    worker = signed_in(Role.SOCIAL_WORKER)
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED)
        meeting.erased_at = LATER
        ref = meeting.ref
    new = "/quality/near-misses/new"
    assert "No case has this reference" in press(worker, new, new, **TOLD, case_ref=ref).text
