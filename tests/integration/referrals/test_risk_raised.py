"""A graver risk on a domestic abuse case that had its outcome is discussed (A8; DERBY 4.11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, now
from app.core.session import reading, transaction
from app.referrals.abuse import queries as cases
from app.referrals.abuse import service as abuse
from app.referrals.abuse.types import AssessmentGiven, CaseGiven, PersonGiven, PersonKind
from app.referrals.lists import queries, service
from app.referrals.lists.types import Said
from app.referrals.outcome.service import decide, reopen
from app.referrals.service import change_concerns
from app.referrals.types import (
    CHILD_PROTECTION,
    Concern,
    ConcernsGiven,
    DomesticAbuseRisk,
    Outcome,
)
from app.reports.dataset.models import DatasetFigure
from app.reports.dataset.types import Measure
from app.reports.dataset.worker import work_out
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, make_abuse_case, series_of
from tests.integration.referrals.test_abuse_of_referrals import entered, the_case
from tests.page_form import form_of

HIGH, MEDIUM, STANDARD = DomesticAbuseRisk
LATER = FRIDAY + timedelta(days=10)
KNIFE = "He came back with a knife."


def closed_at_list(session, case, at=FRIDAY):
    sitting = service.open_list(session, actor_of(session), series_of("derby"), at)
    entry = queries.entry(session, sitting.id, 1)
    said = Said("Shared.", Outcome.ADVICE, "Seen together.")
    service.keep_said(session, actor_of(session), sitting, entry, said, at)
    service.end_list(session, actor_of(session), sitting, "DS Holt, police", at)
    assert case.closed_at == at


@pytest.mark.parametrize("by", ["assessment", "referral", "correction"])
def test_a_graver_risk_opens_a_closed_case_again_on_a_clock_from_now(in_app, by):
    with transaction() as session:
        if by == "correction":
            case = make_abuse_case(session, MEDIUM, at=FRIDAY, protocol="derby")
        else:
            referral = entered(session, MEDIUM, consent=CHILD_PROTECTION)
            case = the_case(session)
        closed_at_list(session, case)
        due = case.due_at
        actor = actor_of(session)
        if by == "assessment":
            abuse.assess(session, actor, case, AssessmentGiven(HIGH, KNIFE), LATER)
        elif by == "referral":
            given = ConcernsGiven((Concern.DOMESTIC_ABUSE,), frozenset(), KNIFE, HIGH)
            change_concerns(session, actor, referral, given, LATER)
        else:
            people = (PersonGiven(PersonKind.HARMED, "Marigold", "Greywether"),)
            told = CaseGiven(FRIDAY, HIGH, KNIFE, case.source_agency_id, people=people)
            abuse.change_case(session, actor, case, told, LATER)
        assert (case.risk, case.closed_at, case.outcome) == (HIGH, None, None)
        assert case.due_at > LATER
        assert in_london(case.due_at).date() == in_london(LATER).date()
        assert service.open_discussion(session, actor, case, LATER).ref
        (earlier,) = cases.earlier_clocks(session, case.id)
        assert (earlier.outcome, earlier.closed_at) == (Outcome.ADVICE, FRIDAY)
        assert (earlier.risk, earlier.due_at) == (MEDIUM, due)
        told = select(AuditEntry.details).where(AuditEntry.action == "abuse case opened again")
        assert session.execute(told).scalar_one()["before"] == "advice"


def test_another_risk_that_is_no_graver_leaves_what_was_agreed_and_its_clock(in_app):
    with transaction() as session:
        case = make_abuse_case(session, MEDIUM, at=FRIDAY, protocol="derby")
        closed_at_list(session, case)
        due, clocks = case.due_at, case.clocks
        lowered = AssessmentGiven(STANDARD, "The officer corrected it.")
        abuse.assess(session, actor_of(session), case, lowered, LATER)
        assert (case.risk, case.outcome) == (STANDARD, Outcome.ADVICE)
        assert (case.due_at, case.clocks) == (due, clocks)


def test_an_outcome_that_was_agreed_before_a_risk_was_raised_is_agreed_no_more(in_app):
    """Closed by its referral after that, it is opened again with the referral."""
    with transaction() as session:
        referral = entered(session, MEDIUM, protocol="derby", consent=CHILD_PROTECTION)
        case, actor = the_case(session), actor_of(session)
        closed_at_list(session, case)
        assert cases.agreed_at_list(session, case)
        abuse.assess(session, actor, case, AssessmentGiven(HIGH, KNIFE), LATER)
        assert not cases.agreed_at_list(session, case)
        decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "No.", LATER)
        reopen(session, actor, referral, "The school rang.", LATER, referral.version)
        assert case.closed_at is None


def test_its_page_says_what_held_until_then_and_lets_it_be_discussed(app, change, signed_in):
    with change() as session:
        case = make_abuse_case(session, MEDIUM, at=now() - timedelta(hours=50), protocol="derby")
        closed_at_list(session, case, now() - timedelta(hours=30))
        path = f"/domestic-abuse/{case.ref}"
    chair = signed_in(Role.CHAIR)
    form = f"{path}/assessment"
    fields = form_of(chair.get(form).text, form)
    chair.post(form, data=fields | {"risk": "high", "risk_reason": KNIFE})
    page = chair.get(path).text
    assert f'action="{path}/discussion"' in page
    assert "Until it was opened again" in page and "Advice" in page
    assert path in chair.get("/").text


def test_the_first_clock_stays_in_the_figures_as_it_was_met(app, in_app):
    with transaction() as session:
        case = make_abuse_case(session, MEDIUM, at=FRIDAY, protocol="derby")
        closed_at_list(session, case)
        abuse.assess(session, actor_of(session), case, AssessmentGiven(HIGH, KNIFE), LATER)
        due = case.due_at
    after = due + timedelta(hours=1)
    while work_out(app.extensions["settings"], after):
        pass
    counted = select(DatasetFigure.key, DatasetFigure.count).where(
        DatasetFigure.measure == Measure.ABUSE.value
    )
    found = {tuple(row) for row in reading().execute(counted)}
    assert found == {("limit|met", 1), ("limit|overdue", 1)}
