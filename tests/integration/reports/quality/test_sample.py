"""Samples for case audit, and their review by somebody else (G6)."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.types import Role
from app.core.session import reading
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.reports.quality.sample import queries as samples
from app.reports.quality.sample import rules as lots
from app.reports.quality.sample.models import AuditedCase
from app.reports.quality.sample.types import QUESTIONS
from tests.factories.meetings import make_meeting
from tests.factories.quality import drawn, id_of
from tests.page_form import form_of


def test_a_sample_can_be_drawn_again_from_its_seed(app, month, signed_in) -> None:
    sample = drawn(app, signed_in(Role.ANALYST), month)
    with app.app_context():
        population = samples.population(reading(), *month.moments)
        cases = samples.cases(reading(), sample.id)
    assert len(population) == sample.population == 16
    assert lots.digest_of(one.ref for one in population) == sample.sha256
    again = lots.drawn(population, sample.seed)
    assert [one.ref for one in again] == [one.ref for one in cases]
    assert len(cases) == 8


def test_a_month_is_drawn_once_and_not_while_there_is_nothing(app, month, signed_in) -> None:
    analyst = signed_in(Role.ANALYST)
    fields = form_of(analyst.get("/quality/samples").text, "/quality/samples")
    drawn(app, analyst, month)
    again = analyst.post("/quality/samples", data=fields)
    assert again.status_code == 422
    assert "has been drawn" in again.text


def test_a_case_is_reviewed_by_somebody_who_did_not_work_on_it(
    app, change, month, signed_in
) -> None:
    chair, other = signed_in(Role.CHAIR), signed_in(Role.CHAIR)
    sample = drawn(app, chair, month)
    with change() as session:
        recorder = session.execute(select(Referral.recorded_by_id)).scalars().first()
        case = (
            session.execute(select(AuditedCase).where(AuditedCase.sample_id == sample.id))
            .scalars()
            .first()
        )
        make_meeting(
            session, MeetingState.ENDED, referral=session.get_one(Referral, case.referral_id)
        ).chair_id = id_of(app, chair)
    assert recorder is not None
    address = f"/quality/samples/{month.key}/1"
    assert "You worked on this case" in chair.get(address).text
    fields = form_of(other.get(address).text, address)
    given = {f"answers-{one.key}": "yes" for one in QUESTIONS}
    missing = other.post(address, data=fields | {"findings": "All well.", "grade": "good"})
    assert missing.status_code == 422
    assert "All well." in missing.text
    stolen = chair.post(
        address,
        data=form_of(chair.get("/quality/near-misses/new").text, "/quality/near-misses/new")
        | given | {"findings": "Mine", "grade": "good"},
    )  # fmt: skip
    assert stolen.status_code == 422
    other.post(address, data=fields | given | {"findings": "All well.", "grade": "good"})
    page = other.get(f"/quality/samples/{month.key}").text
    assert "Good practice" in page
    assert "All well." in other.get(address).text


def test_the_analyst_sees_references_and_no_case(app, month, signed_in) -> None:
    analyst = signed_in(Role.ANALYST)
    drawn(app, analyst, month)
    page = analyst.get(f"/quality/samples/{month.key}")
    assert "RF-" in page.text
    assert "/referrals/" not in page.text
    assert analyst.get(f"/quality/samples/{month.key}/1").status_code == 403
