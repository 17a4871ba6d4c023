"""Domestic abuse that is noted on a referral: one case, one risk, one consent (A4, A8; DERBY 4.11,
IMAP 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, now
from app.core.refusal import Refused
from app.core.session import transaction
from app.directory.types import AgencyKind
from app.referrals.abuse import begun
from app.referrals.abuse import queries as cases
from app.referrals.abuse import service as abuse
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import AssessmentGiven
from app.referrals.lists import queries, service, waiting_queries
from app.referrals.lists.types import Said
from app.referrals.outcome.service import decide, reopen
from app.referrals.outcome.types import FilterReason, Ground
from app.referrals.service import add_consent, change_concerns, enter_referral
from app.referrals.types import (
    CHILD_PROTECTION,
    Channel,
    ChildGiven,
    Concern,
    ConcernsGiven,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Intake,
    Outcome,
)
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, make_list, series_of, use_protocol
from tests.factories.directory import make_agency
from tests.page_form import form_of

HIGH, MEDIUM, STANDARD = DomesticAbuseRisk
MONDAY = FRIDAY + timedelta(days=3)
TOLD = ConcernsGiven((Concern.DOMESTIC_ABUSE,), frozenset(), "She was pushed.", MEDIUM)


def entered(session, risk=MEDIUM, *, protocol="derby", at=FRIDAY, consent=None):
    use_protocol(session, protocol)
    intake = Intake(
        received_at=at,
        channel=Channel.PHONE,
        children=(ChildGiven("Ottoline", "Greywether"),),
        source_agency_id=make_agency(session, AgencyKind.POLICE).id,
        concerns=TOLD.concerns,
        narrative=TOLD.narrative,
        domestic_abuse=risk,
        consent=consent,
    )
    return enter_referral(session, actor_of(session), intake, at)


def the_case(session):
    return session.execute(select(AbuseCase)).scalar_one()


def test_a_risk_on_a_referral_begins_its_case_and_stands_on_the_list(in_app):
    with transaction() as session:
        referral = entered(session, MEDIUM)
        assert the_case(session).referral_id == referral.id
        assert [one.id for one in waiting_queries.waiting(session, series_of("derby"))] == [
            the_case(session).id
        ]


def test_without_a_risk_there_is_no_case_until_one_is_noted(in_app):
    with transaction() as session:
        referral = entered(session, None)
        assert session.execute(select(AbuseCase)).first() is None
        change_concerns(session, actor_of(session), referral, TOLD, FRIDAY)
        assert the_case(session).risk is MEDIUM


def test_high_risk_counts_into_when_the_referral_must_be_looked_at(in_app):
    """DERBY 4.11: discussed the same day; the decision alone would leave 24 hours."""
    with transaction() as session:
        referral = entered(session, HIGH)
        assert in_london(referral.act_by_at).date() == in_london(FRIDAY).date()
        assert referral.act_by_at == the_case(session).due_at
        sitting = service.open_discussion(session, actor_of(session), the_case(session), FRIDAY)
        add_consent(session, actor_of(session), referral, CHILD_PROTECTION, FRIDAY)
        said(session, sitting, Outcome.SECTION_17)
        assert referral.act_by_at == FRIDAY + timedelta(hours=24)  # the discussion is met


def said(session, sitting, outcome):
    entry = queries.entry(session, sitting.id, 1)
    given = Said("", outcome, "Agreed with the DS.")
    service.keep_said(session, actor_of(session), sitting, entry, given, FRIDAY)


def test_the_risk_is_one_wherever_it_is_changed(in_app):
    with transaction() as session:
        referral = entered(session, STANDARD)
        case = the_case(session)
        before = case.due_at
        raised = replace(TOLD, domestic_abuse=HIGH, narrative="She was strangled.")
        change_concerns(session, actor_of(session), referral, raised, FRIDAY)
        assert (case.risk, case.account) == (HIGH, "She was strangled.")
        assert case.due_at < before
        lowered = AssessmentGiven(MEDIUM, "The officer corrected the account.")
        abuse.assess(session, actor_of(session), case, lowered, FRIDAY)
        assert referral.domestic_abuse is MEDIUM
        assert referral.act_by_at == FRIDAY + timedelta(hours=24)


def test_a_risk_taken_back_closes_the_case_and_noted_again_opens_it(in_app):
    with transaction() as session:
        referral = entered(session, MEDIUM)
        actor, none = actor_of(session), replace(TOLD, domestic_abuse=None)
        change_concerns(session, actor, referral, none, FRIDAY)
        assert the_case(session).outcome is Outcome.NO_FURTHER_ACTION
        change_concerns(session, actor, referral, replace(TOLD, domestic_abuse=HIGH), FRIDAY)
        assert (the_case(session).closed_at, the_case(session).risk) == (None, HIGH)


def test_a_corrected_moment_moves_the_cases_clock_too(in_app):
    with transaction() as session:
        referral = entered(session, HIGH)
        referral.received_at = FRIDAY - timedelta(days=2)
        begun.count_again(session, referral)
        assert in_london(the_case(session).due_at).date() == in_london(referral.received_at).date()
        assert referral.act_by_at == the_case(session).due_at


@pytest.mark.parametrize(("protocol", "closed"), [("london", True), ("derby", False)])
def test_the_decision_is_the_cases_own_where_the_area_has_no_other_time(in_app, protocol, closed):
    with transaction() as session:
        referral = entered(session, MEDIUM, protocol=protocol)
        decide(session, actor_of(session), referral, Outcome.NO_FURTHER_ACTION, "No.", FRIDAY)
        assert (the_case(session).closed_at is not None) is closed


def test_what_is_no_referral_has_no_case_to_discuss(in_app):
    with transaction() as session:
        referral = entered(session, MEDIUM)
        ground = Ground(filtered=FilterReason.OTHER_AREA)
        nothing = Outcome.NO_FURTHER_ACTION
        decide(session, actor_of(session), referral, nothing, "Elm.", FRIDAY, ground=ground)
        assert the_case(session).closed_at is not None


def closed_as_none(session, protocol="derby"):
    referral = entered(session, HIGH, protocol=protocol)
    ground, nothing = Ground(filtered=FilterReason.OTHER_AREA), Outcome.NO_FURTHER_ACTION
    decide(session, actor_of(session), referral, nothing, "Elm.", FRIDAY, ground=ground)
    return referral


@pytest.mark.parametrize("protocol", ["derby", "london"])
def test_opened_again_its_case_is_discussed_again_on_a_clock_of_its_own(in_app, protocol):
    """A8, A12: wrongly closed as no referral, it is nowhere but there."""
    with transaction() as session:
        referral, actor = closed_as_none(session, protocol), actor_of(session)
        reopen(session, actor, referral, "It is ours.", MONDAY, referral.version)
        case = the_case(session)
        assert (case.closed_at, case.outcome) == (None, None)
        assert case.due_at > MONDAY and referral.act_by_at == case.due_at
        assert [one.ref for one in cases.open_cases(session)] == [case.ref]
        assert service.open_discussion(session, actor, case, MONDAY).ref
        # Another risk, or another moment when it was received, goes on from there.
        due, other = case.due_at, AssessmentGiven(MEDIUM, "The officer corrected it.")
        abuse.assess(session, actor, case, other, MONDAY)
        abuse.assess(session, actor, case, replace(other, risk=HIGH), MONDAY)
        referral.received_at -= timedelta(days=1)
        begun.count_again(session, referral)
        assert (case.due_at, case.received_at) == (due, referral.received_at)
        told = session.execute(
            select(AuditEntry.details).where(AuditEntry.action == "abuse case opened again")
        ).scalar_one()
        assert told == {"before": "no_further_action", "due_at": due.isoformat()}


def test_decided_to_be_a_referral_after_all_its_case_is_discussed_again(in_app):
    with transaction() as session:
        referral = closed_as_none(session)
        decide(session, actor_of(session), referral, Outcome.ADVICE, "Ours.", MONDAY)
        assert the_case(session).closed_at is None
        assert the_case(session).due_at > MONDAY


def test_what_was_agreed_on_a_case_stays_when_its_referral_is_opened_again(in_app):
    with transaction() as session:
        referral, actor = entered(session, HIGH), actor_of(session)
        sitting = service.open_discussion(session, actor, the_case(session), FRIDAY)
        said(session, sitting, Outcome.NO_FURTHER_ACTION)
        decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "No.", FRIDAY)
        reopen(session, actor, referral, "The school rang.", MONDAY, referral.version)
        assert the_case(session).outcome is Outcome.NO_FURTHER_ACTION
        assert referral.act_by_at == referral.decision_due_at


def test_a_list_shares_only_what_the_referrals_consent_allows(in_app):
    with transaction() as session:
        referral = entered(session, MEDIUM, protocol="north-lincolnshire")
        sitting = make_list(session)
        with pytest.raises(Refused, match=f"on referral {referral.ref}") as refused:
            said(session, sitting, Outcome.EARLY_HELP)
        assert refused.value.field == "outcome"
        given = ConsentGiven(ConsentState.GIVEN, family_told=True)
        add_consent(session, actor_of(session), referral, given, FRIDAY)
        said(session, sitting, Outcome.EARLY_HELP)
        assert the_case(session).outcome is Outcome.EARLY_HELP


def test_the_page_says_what_the_referrals_consent_says(app, change, signed_in):
    with change() as session:
        referral = entered(session, MEDIUM, protocol="north-lincolnshire", at=now())
        ref, path = referral.ref, f"/domestic-abuse/{the_case(session).ref}"
    triage = signed_in(Role.TRIAGE)
    page = triage.get(path).text
    assert "Not to be shared yet." in page
    assert "May be shared" not in page and "safeguarding concern" not in page.lower()
    consent = f"/referrals/{ref}/consent"
    fields = form_of(triage.get(consent).text, consent)
    triage.post(consent, data=fields | {"consent": "child_protection"})
    assert "May be shared without consent." in triage.get(path).text
    fields = form_of(triage.get(consent).text, consent)
    triage.post(consent, data=fields | {"consent": "given"})
    assert f"Consent is given on referral {ref}" in triage.get(path).text
