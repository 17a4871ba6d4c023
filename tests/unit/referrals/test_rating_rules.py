"""Ratings before and after, and who settles a disagreement: no database."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.refusal import Refused
from app.protocols.loading import load_protocols
from app.referrals.rating import rules
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


def test_the_second_rating_follows_a_first():
    rules.check_rate(AFTER, "Why", before=Rating.RED, disputed=False)
    assert refused(rules.check_rate, AFTER, "Why", before=None, disputed=False) == "stage"
    assert refused(rules.check_rate, BEFORE, "", before=None, disputed=False) == "rating_reason"
    assert refused(rules.check_rate, BEFORE, "Why", before=Rating.RED, disputed=True) == "rating"


@pytest.mark.parametrize(
    ("stages", "gathered", "offered"),
    [
        ((), False, BEFORE),
        ((), True, BEFORE),
        ((BEFORE,), False, BEFORE),
        ((BEFORE,), True, AFTER),
        ((BEFORE, AFTER), False, AFTER),
    ],
)
def test_which_rating_the_form_offers(stages, gathered, offered):
    assert rules.stage_offered(stages, gathered) is offered


# HO2014 Sandwell: a further rating after the meeting for red and amber; Camden's dataset: each.
@pytest.mark.parametrize(
    ("area", "rating", "stages", "outcome", "waits"),
    [
        ("sandwell", Rating.RED, (BEFORE,), Outcome.EARLY_HELP, True),
        ("sandwell", Rating.AMBER, (BEFORE,), Outcome.EARLY_HELP, True),
        ("sandwell", Rating.GREEN, (BEFORE,), Outcome.EARLY_HELP, False),
        ("sandwell", Rating.RED, (BEFORE, AFTER), Outcome.EARLY_HELP, False),
        ("sandwell", Rating.RED, (BEFORE,), Outcome.STRATEGY_DISCUSSION, False),
        ("sandwell", None, (), Outcome.EARLY_HELP, False),
        ("camden", Rating.GREEN, (BEFORE,), Outcome.ADVICE, True),
        ("blackburn", Rating.RED, (BEFORE,), Outcome.ADVICE, False),
    ],
)
def test_which_decisions_wait_for_the_second_rating(area, rating, stages, outcome, waits):
    problem = rules.second_rating_problem(AREAS[area], outcome, rating, stages)
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
