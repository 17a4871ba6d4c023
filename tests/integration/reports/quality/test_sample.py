"""Samples for case audit, and their review by somebody else (G6)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import london_date, now
from app.core.session import reading
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.referrals.types import Outcome
from app.reports.duties import queries as duties
from app.reports.quality.periods import Period, month_before
from app.reports.quality.sample import queries as samples
from app.reports.quality.sample import rules as lots
from app.reports.quality.sample import service
from app.reports.quality.sample.models import AuditedCase
from app.reports.quality.sample.queries import undrawn
from app.reports.quality.sample.types import QUESTIONS
from tests.factories.accounts import make_staff
from tests.factories.booking import make_member
from tests.factories.meetings import make_meeting
from tests.factories.quality import drawn, id_of
from tests.factories.referrals import make_referral
from tests.page_form import form_of, press


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
    fields["month"] = month.key
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


def test_the_analyst_draws_and_sees_neither_case_nor_count(app, month, signed_in) -> None:
    """Of each outcome at most two are drawn, so that a list of them tells small numbers (G3)."""
    analyst = signed_in(Role.ANALYST)
    sample = drawn(app, analyst, month)
    page = analyst.get("/quality/samples").text.partition("<main")[2]
    assert month.words in page
    assert "To review" in page
    assert month.key not in page
    assert not re.search(r">\s*(8|16)\b", page)
    assert str(sample.population) in signed_in(Role.TRIAGE).get("/quality/samples").text
    for place in ("", "/1"):
        assert analyst.get(f"/quality/samples/{month.key}{place}").status_code == 403


def months_before(month: Period, count: int) -> list[Period]:
    """The months before one, the last of them first."""
    found = [month]
    while len(found) <= count:
        found.append(month_before(found[-1].start))
    return found[1:]


@pytest.fixture
def missed(change, signed_in, month) -> list[Period]:
    """Months whose sample nobody drew: last month and the second before it. In the first before it
    nothing was decided; the third before it was drawn, and what is older was never begun."""
    one, two, three, four = months_before(month, 4)
    with change() as session:
        for period in (two, three, four):
            make_referral(
                session, 1, received_at=period.moments[0], decided=Outcome.EARLY_HELP
            )  # fmt: skip
        staff = make_staff(session, Role.CHAIR)
        service.draw(session, make_member(staff).actor, staff.id, three, now())
    return [month, two, one, four, three]


def test_a_month_that_was_missed_can_still_be_drawn(app, missed, signed_in) -> None:
    last, missing, empty, before, first = missed
    with app.app_context():
        assert undrawn(reading(), london_date(now())) == (last, missing)
        held = duties.quality(reading(), [Role.TRIAGE], now())
    assert held.undrawn == (last, missing)
    triage = signed_in(Role.TRIAGE)
    page = triage.get("/quality/samples").text
    for period in (last, missing):
        assert f"Draw the sample of {period.words}" in page
    for period in (empty, before, first):
        assert f"Draw the sample of {period.words}" not in page
    overview = triage.get("/quality").text
    assert f"The sample of {missing.words} is to be drawn" in overview
    assert f"Draw the sample of {missing.words}" in triage.get("/").text
    sample = drawn(app, triage, missing)
    assert sample.month == missing.start
    assert f"Draw the sample of {missing.words}" not in triage.get("/quality/samples").text
    for typed in ("", "2026-13", "October"):
        wrong = press(triage, "/quality/samples", "/quality/samples", month=typed)
        assert (wrong.status_code, "Choose a month" in wrong.text) == (422, True)


def test_reviews_of_an_older_sample_are_not_forgotten(app, missed, signed_in) -> None:
    last, *_, first = missed
    triage = signed_in(Role.TRIAGE)
    drawn(app, triage, last)
    with app.app_context():
        held = duties.quality(reading(), [Role.TRIAGE], now())
    assert (held.to_review, held.samples_open, held.oldest_open) == (9, 2, first)
    page = triage.get("/").text
    assert f"Review the cases of the sample of {first.words}" in page
    assert "9 cases of 2 samples to review" in page
    assert f'href="/quality/samples/{first.key}"' in page
