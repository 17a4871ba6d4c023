"""What may be decided with which consent, what comes first, what is no referral: no database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.core.refusal import Refused
from app.protocols.loading import load_protocols
from app.referrals.consent.rules import (
    first_contact_problems,
    not_sought_problems,
    sharing_problem,
)
from app.referrals.outcome import rules
from app.referrals.outcome.types import FilterReason, Ground, OnwardGiven
from app.referrals.types import (
    CHILD_PROTECTION,
    Concern,
    ConsentGiven,
    ConsentState,
    LawfulBasis,
    Outcome,
    Rating,
)
from tests.clock import FRIDAY

AREAS = load_protocols()
LONDON = AREAS["london"]
TODAY = date(2026, 11, 20)
GIVEN = ConsentGiven(ConsentState.GIVEN)
PUBLIC_TASK = ConsentGiven(ConsentState.NOT_SOUGHT, LawfulBasis.PUBLIC_TASK, "Not reached")


# IMAP 3: which outcomes say "consent required".
@pytest.mark.parametrize("area", [LONDON, AREAS["north-lincolnshire"]], ids=lambda one: one.id)
@pytest.mark.parametrize(
    ("outcome", "needed"),
    [
        (Outcome.SHARE_INFORMATION, True),
        (Outcome.UNIVERSAL_OFFER, True),
        (Outcome.TARGETED_SUPPORT, True),
        (Outcome.SIGNPOST, True),
        (Outcome.SECTION_17, True),
        (Outcome.EARLY_HELP, True),
        (Outcome.STRATEGY_DISCUSSION, False),
        (Outcome.ADVICE, False),
        (Outcome.NO_FURTHER_ACTION, False),
    ],
)
def test_which_outcomes_need_consent(area, outcome, needed):
    assert rules.consent_needed(area, outcome) is needed
    assert (rules.consent_problem(area, outcome, None, None) is not None) is needed
    assert rules.consent_problem(area, outcome, ConsentState.GIVEN, None) is None
    for state in (ConsentState.REFUSED, ConsentState.NOT_SOUGHT, ConsentState.OVERRIDDEN):
        assert (rules.consent_problem(area, outcome, state, None) is not None) is needed
        assert rules.consent_problem(area, outcome, state, LawfulBasis.CRIME) is None


def test_an_outcome_is_called_as_the_area_calls_it():
    assert rules.name_of(LONDON, Outcome.TARGETED_SUPPORT) == "Targeted family support"
    assert "FaSST" in rules.name_of(AREAS["north-lincolnshire"], Outcome.TARGETED_SUPPORT)
    # Where no area says otherwise the words are those of the rest of the product.
    for outcome in Outcome:
        assert rules.name_of(LONDON, outcome) == outcome.label


def check(outcome, reason="Because", agency_id=None, **known):
    known = {"consent": ConsentState.GIVEN, "lawful_basis": None} | known
    rules.check_decision(LONDON, outcome, reason, agency_id, **known)


@pytest.mark.parametrize(
    ("arguments", "known", "where"),
    [
        ((Outcome.ADVICE, ""), {}, "reason"),
        ((Outcome.SIGNPOST, "x"), {}, "agency_id"),
        ((Outcome.SHARE_INFORMATION, "x"), {}, "agency_id"),
        ((Outcome.SECTION_17, "x"), {"consent": None}, "outcome"),
        ((Outcome.ADVICE, "x"), {"discussion": "SD-1"}, "outcome"),
        (
            (Outcome.NO_FURTHER_ACTION, "x"),
            {"discussion": "SD-1", "filtered": FilterReason.OTHER_AREA},
            "filtered",
        ),
        ((Outcome.EARLY_HELP, "x"), {"filtered": FilterReason.OTHER_AREA}, "filtered"),
    ],
)
def test_a_decision_that_may_not_be_taken_names_its_field(arguments, known, where):
    with pytest.raises(Refused) as refusal:
        check(*arguments, **known)
    assert refusal.value.field == where


def test_decisions_that_may_be_taken():
    check(Outcome.NO_FURTHER_ACTION, consent=None)
    check(Outcome.NO_FURTHER_ACTION, consent=None, filtered=FilterReason.OTHER_AREA)
    check(Outcome.STRATEGY_DISCUSSION, consent=None)
    check(Outcome.STRATEGY_DISCUSSION, discussion="SD-1")
    check(Outcome.SIGNPOST, agency_id=3)


@pytest.mark.parametrize(
    ("basis", "reason", "fields"),
    [
        (LawfulBasis.CRIME, "A threat", []),
        (None, "A threat", ["lawful_basis"]),
        (LawfulBasis.CRIME, "", ["override_reason"]),
    ],
)
def test_an_override_says_its_basis_and_its_reason(basis, reason, fields):
    ground = Ground(override=ConsentGiven(ConsentState.OVERRIDDEN, basis, reason))
    assert [one.field for one in rules.override_problems(ground)] == fields
    assert list(rules.override_problems(Ground())) == []


@pytest.mark.parametrize(
    ("born", "due", "first"),
    [
        (date(2023, 11, 21), None, True),
        (date(2023, 11, 20), None, False),  # three today
        (None, date(2027, 2, 1), True),
        (None, None, False),
    ],
)
def test_who_is_under_three(born, due, first):
    assert rules.is_under_three([(date(2015, 1, 1), None), (born, due)], TODAY) is first


def test_blue_in_merton_suggests_an_information_request():
    merton = AREAS["merton"]
    assert rules.filter_offered(merton, Rating.BLUE) is FilterReason.INFORMATION_REQUEST
    assert rules.filter_offered(merton, Rating.RED) is None
    assert rules.filter_offered(merton, None) is None


@pytest.mark.parametrize("outcome", [None, Outcome.STRATEGY_DISCUSSION])
def test_what_is_open_or_discussed_is_not_reopened(outcome):
    with pytest.raises(Refused):
        rules.check_reopen(outcome, "New information")
    rules.check_reopen(Outcome.ADVICE, "New information")
    with pytest.raises(Refused):
        rules.check_reopen(Outcome.ADVICE, "")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"about": Concern.NEGLECT}, ["about"]),
        ({"agency_id": None}, ["to_name"]),
        ({"to_name": "The panel"}, ["to_name"]),
        ({"referred_at": FRIDAY + timedelta(hours=1)}, ["referred_at"]),
        ({"referred_at": FRIDAY - timedelta(days=20_000)}, ["referred_at"]),
    ],
)
def test_what_an_onward_referral_needs(changes, fields):
    whole = {
        "about": Concern.MISSING, "agency_id": 1, "to_name": "", "reference": "", "note": "",
        "referred_at": FRIDAY,
    }  # fmt: skip
    given = OnwardGiven(**(whole | changes))
    assert [one.field for one in rules.onward_problems(given, FRIDAY)] == fields


# Consent, as the areas have it


def test_bury_asks_at_first_contact_unless_it_is_child_protection():
    bury = AREAS["bury"]
    assert [one.field for one in first_contact_problems(bury, None)] == ["consent"]
    assert list(first_contact_problems(bury, GIVEN)) == []
    assert list(first_contact_problems(LONDON, None)) == []
    assert list(not_sought_problems(bury, CHILD_PROTECTION)) == []
    assert [one.field for one in not_sought_problems(bury, PUBLIC_TASK)] == ["lawful_basis"]
    assert list(not_sought_problems(LONDON, PUBLIC_TASK)) == []


def test_nottinghamshire_tells_families_before_it_shares():
    area = AREAS["nottinghamshire"]
    told = {"told": True}
    assert sharing_problem(area, ConsentState.GIVEN, None, told=False)
    assert sharing_problem(area, ConsentState.GIVEN, None, **told) is None
    harm = LawfulBasis.SIGNIFICANT_HARM
    assert sharing_problem(area, ConsentState.NOT_SOUGHT, harm, told=False) is None
    assert sharing_problem(LONDON, ConsentState.GIVEN, None, told=False) is None


def test_nothing_is_shared_without_consent_or_a_basis():
    assert sharing_problem(LONDON, None, None, told=True)
    assert sharing_problem(LONDON, ConsentState.REFUSED, None, told=True)
    assert sharing_problem(LONDON, ConsentState.REFUSED, LawfulBasis.CRIME, told=False) is None
