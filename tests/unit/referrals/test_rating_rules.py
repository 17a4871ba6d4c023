"""Ratings before and after, and who settles a disagreement: no database."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.refusal import Refused
from app.protocols.loading import load_protocols
from app.referrals.rating import rules
from app.referrals.rating.types import Gathering, Rated
from app.referrals.types import Outcome, Rating, RatingStage

AREAS = load_protocols()
BEFORE, AFTER = RatingStage.BEFORE, RatingStage.AFTER


def refused(call, *arguments, **more):
    with pytest.raises(Refused) as refusal:
        call(*arguments, **more)
    return refusal.value.field


def test_an_area_rates_in_its_own_colours():
    rules.check_rating(AREAS["merton"], Rating.BLUE)
    assert refused(rules.check_rating, AREAS["sandwell"], Rating.BLUE) == "rating"
    rules.check_rating(AREAS["sandwell"], None)


NOTHING = Gathering(closed=False, discussed=False)
CLOSED = Gathering(closed=True, discussed=False)
DISCUSSED = Gathering(closed=False, discussed=True)


def rate(stage, reason="Why", before=Rating.RED, disputed=False, gathering=CLOSED, early=""):
    rules.check_rate(
        stage, reason, before=before, disputed=disputed, gathering=gathering, early_because=early
    )


def test_the_second_rating_follows_a_first():
    rate(AFTER)
    assert refused(rate, AFTER, before=None) == "stage"
    assert refused(rate, BEFORE, "", before=None) == "rating_reason"
    assert refused(rate, BEFORE, disputed=True) == "rating"


def test_the_second_rating_follows_what_was_gathered_or_says_why_not():
    assert refused(rate, AFTER, gathering=NOTHING) == "early_because"
    rate(AFTER, gathering=NOTHING, early="Everybody spoke on the telephone")
    rate(AFTER, gathering=DISCUSSED)
    rate(BEFORE, gathering=NOTHING)


def rated(*given, current=True):
    return [Rated(rating, stage, current) for rating, stage in given]


FIRST = rated((Rating.RED, BEFORE))
BOTH = rated((Rating.RED, BEFORE), (Rating.GREEN, AFTER))


@pytest.mark.parametrize(
    ("given", "gathering", "offered"),
    [
        ([], NOTHING, BEFORE),
        ([], CLOSED, BEFORE),
        (FIRST, NOTHING, BEFORE),
        (FIRST, CLOSED, AFTER),
        (FIRST, DISCUSSED, AFTER),
        (BOTH, NOTHING, AFTER),
    ],
)
def test_which_rating_the_form_offers(given, gathering, offered):
    assert rules.stage_offered(given, gathering) is offered


def test_the_second_rating_is_judged_by_the_first_since_the_referral_was_opened():
    # Rated down while nothing was gathered: the first rating says what is to be done.
    assert rules.first_rating(rated((Rating.RED, BEFORE), (Rating.GREEN, BEFORE))) is Rating.RED
    until = rated((Rating.RED, BEFORE), (Rating.AMBER, AFTER), current=False)
    assert rules.first_rating(until) is Rating.AMBER
    assert rules.first_rating(until + rated((Rating.GREEN, BEFORE))) is Rating.GREEN
    assert rules.first_rating(until + rated((Rating.GREEN, AFTER))) is Rating.AMBER
    assert rules.first_rating([]) is None
    # What was rated before the referral was opened again counts no more as its second rating.
    assert rules.needs_second(AREAS["sandwell"], until)
    assert not rules.needs_second(AREAS["sandwell"], until + rated((Rating.GREEN, AFTER)))


# HO2014 Sandwell: a further rating after the meeting for red and amber; Camden's dataset: each.
@pytest.mark.parametrize(
    ("area", "given", "outcome", "waits"),
    [
        ("sandwell", FIRST, Outcome.EARLY_HELP, True),
        ("sandwell", rated((Rating.AMBER, BEFORE)), Outcome.EARLY_HELP, True),
        ("sandwell", rated((Rating.GREEN, BEFORE)), Outcome.EARLY_HELP, False),
        ("sandwell", rated((Rating.RED, BEFORE), (Rating.GREEN, BEFORE)), Outcome.ADVICE, True),
        ("sandwell", BOTH, Outcome.EARLY_HELP, False),
        ("sandwell", FIRST, Outcome.STRATEGY_DISCUSSION, False),
        ("sandwell", [], Outcome.EARLY_HELP, False),
        ("camden", rated((Rating.GREEN, BEFORE)), Outcome.ADVICE, True),
        ("blackburn", FIRST, Outcome.ADVICE, False),
    ],
)
def test_which_decisions_wait_for_the_second_rating(area, given, outcome, waits):
    problem = rules.second_rating_problem(AREAS[area], outcome, given)
    assert (problem is not None) is waits


def test_nottinghamshire_settles_by_social_care_then_by_the_manager():
    steps = AREAS["nottinghamshire"].ways.settles
    rules.check_settle(steps, 0, [Role.TRIAGE], "Why", settled=False)
    assert refused(rules.check_settle, steps, 0, [Role.CHAIR], "Why", settled=True) == "rating"
    assert refused(rules.check_settle, steps, 1, [Role.TRIAGE], "Why", settled=True) == "rating"
    rules.check_settle(steps, 1, [Role.CHAIR], "Why", settled=True)
    assert refused(rules.check_settle, steps, 1, [Role.CHAIR], "Why", settled=False) == "settled"
    assert refused(rules.check_settle, steps, 1, [Role.CHAIR], "", settled=True) == "rating_reason"


@pytest.mark.parametrize(
    ("rating", "wanted", "who", "why", "field"),
    [
        (None, Rating.RED, "Police", "Why", "rating"),
        (Rating.RED, Rating.RED, "Police", "Why", "rating"),
        (Rating.RED, Rating.AMBER, "", "Why", "by_whom"),
        (Rating.RED, Rating.AMBER, "Police", "", "rating_reason"),
    ],
)
def test_a_disagreement_says_who_and_why(rating, wanted, who, why, field):
    assert refused(rules.check_dispute, rating, wanted, who, why) == field


def test_what_a_rating_means_here():
    assert "High" not in rules.meaning(AREAS["sandwell"], Rating.RED)
    assert rules.meaning(AREAS["bury"], Rating.RED).startswith("Red, high: the daily meeting.")
    assert "straight to a social worker" in rules.meaning(AREAS["merton"], Rating.RED)
    assert rules.meaning(AREAS["london"], Rating.RED) == ""
