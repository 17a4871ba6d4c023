"""Lists: made from open cases, gone through, carried over; and what releases a case (C10, A8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditEntry
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.referrals import listing
from app.referrals import queries as referrals
from app.referrals.abuse import begun
from app.referrals.abuse import queries as cases
from app.referrals.abuse import service as abuse
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    PersonGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
from app.referrals.lists import page, queries, service, waiting_queries
from app.referrals.lists.models import ListEntry
from app.referrals.lists.types import Said
from app.referrals.types import (
    ChangedMeanwhile,
    ConsentState,
    DomesticAbuseRisk,
    LawfulBasis,
    Outcome,
    Rating,
)
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, make_abuse_case, make_list, series_of, use_protocol
from tests.factories.referrals import make_referral

pytestmark = pytest.mark.usefixtures("in_app")
HIGH, MEDIUM, STANDARD = DomesticAbuseRisk
TOOK_PART = "Jo Reyes, police\nSam Oduya, social care"
MONDAY = FRIDAY + timedelta(days=3)


def said(session, sitting, number, given, now=FRIDAY, version=None):
    entry = queries.entry(session, sitting.id, number)
    service.keep_said(session, actor_of(session), sitting, entry, given, now, version)
    return entry


def refs(session, sitting):
    return [one.ref for one in queries.on_list(session, sitting.id)]


def test_north_lincolnshires_list_takes_medium_and_standard_the_gravest_first():
    with transaction() as session:
        standard = make_abuse_case(session, STANDARD, at=FRIDAY - timedelta(hours=3))
        medium = make_abuse_case(session, MEDIUM, at=FRIDAY - timedelta(hours=1))
        make_abuse_case(session, HIGH)
        sitting = make_list(session)
        assert refs(session, sitting) == [medium.ref, standard.ref]
        assert (sitting.day, sitting.source) == (date(2026, 11, 20), "IMAP 5")


def test_what_was_opened_and_not_ended_is_not_forgotten_the_next_day():
    with transaction() as session:
        make_abuse_case(session)
        sitting = make_list(session)
        series = [series_of()]
        today, later = FRIDAY.date(), FRIDAY.date() + timedelta(days=4)
        assert waiting_queries.left_open(session, series, today) == []  # it is the list of today
        (left,) = waiting_queries.left_open(session, series, later)
        assert (left.ref, left.day, left.open) == (sitting.ref, today, 1)
        # Of a series that the protocol no longer has.
        assert waiting_queries.left_open(session, [], later) == [left]
        service.end_list(session, actor_of(session), sitting, TOOK_PART, FRIDAY, sitting.version)
        assert waiting_queries.left_open(session, series, later) == []


def test_there_is_one_list_a_day_and_it_takes_what_came_in_since():
    with transaction() as session:
        first = make_abuse_case(session)
        sitting = make_list(session)
        later = make_abuse_case(session, at=FRIDAY + timedelta(minutes=5))
        again = make_list(session, FRIDAY + timedelta(minutes=10))
        assert again.id == sitting.id
        assert refs(session, again) == [first.ref, later.ref]
        assert refs(session, make_list(session)) == [first.ref, later.ref]


def test_the_database_refuses_a_second_list_of_the_same_day():
    with pytest.raises(IntegrityError), transaction() as session:
        one = make_list(session)
        other = service._new(session, actor_of(session), "Second", FRIDAY)
        other.series_id, other.day = one.series_id, one.day
        session.flush()


def test_what_was_not_reached_is_carried_over_and_comes_first():
    with transaction() as session:
        reached = make_abuse_case(session, MEDIUM, at=FRIDAY - timedelta(hours=2))
        passed_over = make_abuse_case(session, STANDARD, at=FRIDAY - timedelta(hours=1))
        sitting = make_list(session)
        said(session, sitting, 1, Said("Nothing held.", Outcome.ADVICE, "Advice was enough."))
        said(session, sitting, 2, Said("Health will look."))
        service.end_list(session, actor_of(session), sitting, TOOK_PART, FRIDAY)
        fresh = make_abuse_case(session, MEDIUM, at=MONDAY)
        following = make_list(session, MONDAY)
        entries = queries.on_list(session, following.id)
        assert [(one.ref, one.carried) for one in entries] == [
            (passed_over.ref, True),
            (fresh.ref, False),
        ]
        assert cases.by_ref(session, reached.ref).outcome is Outcome.ADVICE
        assert queries.last_took_part(session, following.series_id) == TOOK_PART
        with pytest.raises(Refused, match="has ended"):
            said(session, sitting, 2, Said("Too late.", Outcome.ADVICE, "Because."))
        with pytest.raises(Refused, match="has ended"):
            make_list(session)


def test_a_list_ends_with_who_took_part():
    with transaction() as session:
        sitting = make_list(session)
        with pytest.raises(Refused) as refused:
            service.end_list(session, actor_of(session), sitting, "", FRIDAY)
        assert refused.value.field == "took_part"
        service.end_list(session, actor_of(session), sitting, TOOK_PART, FRIDAY)
        told = session.execute(
            select(AuditEntry.details).where(AuditEntry.action == "list ended")
        ).scalar_one()
        assert told == {"cases": 0, "carried_over": 0, "took_part": 2}


def test_early_help_without_consent_is_refused_and_with_it_becomes_a_referral():
    with transaction() as session:
        case = make_abuse_case(session)
        sitting = make_list(session)
        wanted = Said("School: settled.", Outcome.EARLY_HELP, "She asks for help.")
        with pytest.raises(Refused) as refused:
            said(session, sitting, 1, wanted)
        assert refused.value.field == "release"
        consent = ReleaseGiven(Release.CONSENT, "Agreed by telephone at 3 pm.")
        entry = said(
            session, sitting, 1,
            Said(wanted.information, wanted.outcome, wanted.reason, release=consent),
        )  # fmt: skip
        assert entry.outcome is Outcome.EARLY_HELP
        assert (case.release, case.closed_at) == (Release.CONSENT, FRIDAY)
        (child,) = listing.all_referrals(session).rows[0].children
        assert child.name == "Ottoline Greywether"
        referral = referrals.by_ref(session, listing.all_referrals(session).rows[0].ref)
        assert referral.consent is ConsentState.GIVEN
        assert referral.domestic_abuse is MEDIUM
        assert referral.received_at == FRIDAY  # the contact is raised now
        assert "A neighbour heard shouting" in referral.narrative
        assert "Shared at the Daily domestic abuse list" in referral.narrative
        assert "School: settled." in referral.narrative
        assert [adult.name for adult in referral.adults] == ["Marigold Greywether"]


def test_a_concern_overrides_consent_and_says_so():
    """IMAP 2: without consent it is decided whether it is of such concern that it is overridden."""
    with transaction() as session:
        make_abuse_case(session)
        sitting = make_list(session)
        concern = ReleaseGiven(Release.CONCERN, "Strangulation in front of the child.")
        given = Said("", Outcome.STRATEGY_DISCUSSION, "Significant harm.", release=concern)
        said(session, sitting, 1, given)
        referral = referrals.by_ref(session, listing.open_referrals(session).rows[0].ref)
        assert referral.consent is ConsentState.OVERRIDDEN
        assert referral.lawful_basis is LawfulBasis.SIGNIFICANT_HARM
        with pytest.raises(Refused, match="It is a referral already"):
            said(session, sitting, 1, given)


def test_a_known_child_stays_one_child():
    with transaction() as session:
        first, second = make_abuse_case(session), make_abuse_case(session)
        actor = actor_of(session)
        consent = ReleaseGiven(Release.CONSENT, "Agreed.")
        known = abuse.release(session, actor, first, consent, FRIDAY).children[0].child
        same = ReleaseGiven(Release.CONSENT, "Agreed.", {0: known.ref})
        referral = abuse.release(session, actor, second, same, FRIDAY + timedelta(days=1))
        assert referral.children[0].child_id == known.id
        assert referral.earlier_referral_id == first.referral_id


def test_a_case_without_children_is_released_without_a_referral():
    """HO2014 Wiltshire: all domestic abuse referrals, with or without children."""
    with transaction() as session:
        case = make_abuse_case(session, child=None)
        actor = actor_of(session)
        given = ReleaseGiven(Release.CONSENT, "Agreed to the adviser.")
        with pytest.raises(Refused) as refused:
            abuse.release(session, actor, case, given, FRIDAY)
        assert refused.value.field == "no_child"
        given = replace(given, no_child=True)
        assert abuse.release(session, actor, case, given, FRIDAY) is None
        assert case.release is Release.CONSENT
        assert refs(session, make_list(session)) == [case.ref]


def _consented_for_adults(session):
    case = make_abuse_case(session, child=None)
    given = ReleaseGiven(Release.CONSENT, "Agreed to the adviser.", no_child=True)
    abuse.release(session, actor_of(session), case, given, FRIDAY)
    return case


@pytest.mark.parametrize(
    "outcome", [Outcome.STRATEGY_DISCUSSION, Outcome.SECTION_17, Outcome.EARLY_HELP]
)
def test_a_child_named_after_the_adults_consented_leaves_as_a_referral_alone(outcome):
    """IMAP 3, 5: what the adults agreed to for themselves says nothing of a child (A3, A7)."""
    with transaction() as session:
        case = _consented_for_adults(session)
        sitting = make_list(session)
        assert not queries.on_list(session, sitting.id)[0].marked
        assert page.entry_shown(session, queries.entry(session, sitting.id, 1), FRIDAY).sharing.may
        told = _as_told(case, PersonGiven(PersonKind.CHILD, "Ottoline", "Greywether"))
        abuse.change_case(session, actor_of(session), case, told, FRIDAY)
        assert queries.on_list(session, sitting.id)[0].marked
        assert cases.open_cases(session)[0].marked
        shown = page.entry_shown(session, queries.entry(session, sitting.id, 1), FRIDAY)
        assert shown.marked and not shown.sharing.may
        with pytest.raises(Refused) as refused:
            said(session, sitting, 1, Said("", outcome, "Because."))
        assert refused.value.field == "release"
        assert case.closed_at is None
        concern = ReleaseGiven(Release.CONCERN, "She was hit too.")
        said(session, sitting, 1, Said("", outcome, "Because.", release=concern))
        assert case.referral_id is not None
        assert len(listing.open_referrals(session).rows) == 1
        assert not queries.on_list(session, sitting.id)[0].marked


def test_a_concern_that_raised_no_referral_lets_nothing_out():
    """As cases stand that were released before a concern needed the child."""
    with transaction() as session:
        case = _consented_for_adults(session)
        case.release = Release.CONCERN
        sitting = make_list(session)
        shown = page.entry_shown(session, queries.entry(session, sitting.id, 1), FRIDAY)
        assert shown.marked and not shown.sharing.may
        assert "Consent is recorded" not in shown.sharing.words
        with pytest.raises(Refused) as refused:
            said(session, sitting, 1, Said("", Outcome.EARLY_HELP, "Because."))
        assert refused.value.field == "release"


@pytest.mark.parametrize("outcome", [Outcome.STRATEGY_DISCUSSION, Outcome.SECTION_17, None])
def test_nothing_that_is_about_a_child_is_done_without_one(outcome):
    with transaction() as session:
        case = make_abuse_case(session, child=None)
        sitting = make_list(session)
        concern = ReleaseGiven(Release.CONCERN, "She expects a baby in March.")
        with pytest.raises(Refused, match="No child is named on this case") as refused:
            said(session, sitting, 1, Said("", outcome, "Because.", release=concern))
        assert refused.value.field == ("outcome" if outcome else "release")
        assert (case.release, case.referral_id) == (None, None)
        assert listing.all_referrals(session).rows == []


def test_a_baby_not_born_yet_is_released_with_its_due_date():
    with transaction() as session:
        case = make_abuse_case(session, child=None)
        due = date(2027, 3, 1)
        baby = PersonGiven(PersonKind.CHILD, "", "Greywether", due_date=due)
        abuse.change_case(session, actor_of(session), case, _as_told(case, baby), FRIDAY)
        concern = ReleaseGiven(Release.CONCERN, "She expects a baby in March.")
        made = abuse.release(session, actor_of(session), case, concern, FRIDAY)
        assert made.children[0].child.due_date == due
        assert len(list(session.execute(select(AbuseCase)).scalars())) == 1  # its own, no second


def _as_told(case, *people):
    return CaseGiven(
        received_at=case.received_at,
        risk=case.risk,
        account=case.account,
        source_agency_id=case.source_agency_id,
        people=people,
    )


def test_derbys_high_risk_is_discussed_by_itself_and_its_clock_met():
    """DERBY 4.11: the team manager discusses it with the Detective Sergeant on the day."""
    with transaction() as session:
        referral = make_referral(session, domestic_abuse=HIGH)
        use_protocol(session, "derby")
        actor = actor_of(session)
        case = begun.case_of_referral(session, actor, referral, FRIDAY)
        assert begun.case_of_referral(session, actor, referral, FRIDAY).id == case.id
        assert case.due_at.date() == date(2026, 11, 20)
        sitting = service.open_discussion(session, actor, case, FRIDAY)
        assert service.open_discussion(session, actor, case, FRIDAY).id == sitting.id
        said(session, sitting, 1, Said("", Outcome.SECTION_17, "Agreed with the DS."))
        service.end_list(session, actor, sitting, "DS Hale, police", FRIDAY)
        told = session.execute(
            select(AuditEntry.details).where(AuditEntry.action == "abuse case closed")
        ).scalar_one()
        assert told["in_time"] is True
        with pytest.raises(Refused, match="has its outcome"):
            service.open_discussion(session, actor, case, FRIDAY)


def test_another_risk_needs_its_reason_and_sets_the_clock_anew():
    with transaction() as session:
        case = make_abuse_case(session, STANDARD, protocol="derby")
        assert case.due_at.date() == date(2026, 11, 27)
        with pytest.raises(Refused) as refused:
            abuse.assess(session, actor_of(session), case, AssessmentGiven(MEDIUM), FRIDAY)
        assert refused.value.field == "risk_reason"
        given = AssessmentGiven(MEDIUM, "Third call in six months.", dash_score=11)
        abuse.assess(session, actor_of(session), case, given, FRIDAY)
        assert case.due_at.date() == date(2026, 11, 23)
        # DERBY 1.3: the weekly meeting looks at medium risk
        assert refs(session, make_list(session, protocol_id="derby")) == [case.ref]


def test_bury_meets_daily_on_red_and_amber_referrals_until_they_are_decided():
    """HO2014 Bury: daily meetings to discuss and review all high and medium risk referrals."""
    with transaction() as session:
        use_protocol(session, "bury")
        amber = make_referral(session, rating=Rating.AMBER)
        red = make_referral(session, rating=Rating.RED)
        make_referral(session, rating=Rating.GREEN)
        make_referral(session)
        make_referral(session, rating=Rating.RED, decided=Outcome.ADVICE)
        sitting = service.open_list(session, actor_of(session), series_of("bury"), FRIDAY)
        assert refs(session, sitting) == [red.ref, amber.ref]
        said(session, sitting, 1, Said("", Outcome.SECTION_17, "Agreed by all."))
        assert red.outcome is None  # decided on its own page, with its own rules
        service.end_list(session, actor_of(session), sitting, TOOK_PART, FRIDAY)
        following = service.open_list(session, actor_of(session), series_of("bury"), MONDAY)
        entries = queries.on_list(session, following.id)
        assert [(one.ref, one.carried) for one in entries] == [(amber.ref, True)]


def test_of_two_who_write_at_once_neither_overwrites_the_other():
    with transaction() as session:
        case = make_abuse_case(session)
        sitting = make_list(session)
        entry = queries.entry(session, sitting.id, 1)
        seen, seen_case = entry.version, case.version
        said(session, sitting, 1, Said("First.", Outcome.ADVICE, "First."), version=seen)
        with pytest.raises(ChangedMeanwhile):
            said(session, sitting, 1, Said("Second."), version=seen)
        abuse.assess(
            session, actor_of(session), case, AssessmentGiven(MEDIUM, dash_score=4), FRIDAY
        )
        with pytest.raises(ChangedMeanwhile):
            abuse.assess(
                session, actor_of(session), case, AssessmentGiven(MEDIUM), FRIDAY, seen_case
            )


def test_an_outcome_is_changed_while_the_list_runs_but_never_taken_back():
    with transaction() as session:
        case = make_abuse_case(session)
        sitting = make_list(session)
        said(session, sitting, 1, Said("", Outcome.ADVICE, "First."))
        said(session, sitting, 1, Said("", Outcome.NO_FURTHER_ACTION, "On reflection."))
        assert case.outcome is Outcome.NO_FURTHER_ACTION
        with pytest.raises(Refused, match="cannot be taken back"):
            said(session, sitting, 1, Said("Never mind."))


def test_nothing_of_a_case_stands_in_the_clear():
    with transaction() as session:
        make_abuse_case(session)
        sitting = make_list(session)
        said(session, sitting, 1, Said("Larkspur told."))
        sitting.took_part = TOOK_PART
    raw = reading().connection()
    for model in (AbuseCase, ListEntry):
        rows = raw.exec_driver_sql(f"SELECT * FROM {model.__tablename__}").all()
        for word in ("neighbour", "Example Row", "16/4455/26", "Larkspur"):
            assert word not in str(rows)
