"""What a public form needs, how long it waits, what is too much (A1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.core.uploads import LARGEST
from app.referrals.public import rules
from app.referrals.public.types import AdultTold, ChildTold, Referrer, Step, Told
from tests.clock import FRIDAY

WHOLE = Told(
    you=Referrer("Sarah", "DSL", "Oakfield", "dsl@oakfield.example", "01632 960301"),
    risk_now="no",
    children=(ChildTold("Wren", "Fernsby", date(2019, 3, 27), looked_after=True, key="a1"),),
    adults=(AdultTold("Pat", "Mother", in_household=True, key="b1"),),
    concerns=("neglect",),
    narrative="عائشة 🦊\nsecond line",
    consent="refused",
    consent_reason="Serious harm",
    done=tuple(step.value for step in Step),
)


def test_answers_come_back_from_the_database_as_they_were():
    assert Told.from_text(WHOLE.as_text()) == WHOLE
    assert Told.from_text("{}") == Told()


def test_an_answer_that_a_later_release_no_longer_asks_is_left_out():
    text = WHOLE.as_text().replace('"risk_now"', '"asked_no_more": 1, "risk_now"')
    assert Told.from_text(text) == WHOLE


def test_steps_follow_one_another_until_all_are_done():
    told, seen = Told(), []
    while (step := rules.next_step(told)) is not None:
        seen.append(step)
        told = told.with_done(step)
    assert seen == list(Step)
    assert [rules.before(step) for step in Step] == [None, *list(Step)[:-1]]


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({}, None),
        ({"children": ()}, Step.CHILDREN),
        ({"children": (ChildTold("", ""),)}, Step.CHILDREN),
        ({"children": (ChildTold("A", "B", date(2099, 1, 1)),)}, Step.CHILDREN),
        ({"concerns": ()}, Step.CONCERNS),
        ({"narrative": ""}, Step.STORY),
        ({"done": (Step.YOU.value,)}, Step.SAFETY),
    ],
)
def test_it_cannot_be_sent_without_what_is_needed(change, step):
    found = [one for one, _ in rules.problems(replace(WHOLE, **change), FRIDAY)]
    assert found == ([step] if step else [])


@pytest.mark.parametrize(
    ("consent", "reason", "asked"),
    [("given", "", False), ("refused", "", True), ("not_sought", "", True),
     ("refused", "Serious harm", False)],
)  # fmt: skip
def test_without_agreement_the_reason_is_asked(consent, reason, asked):
    assert bool(list(rules.consent_problems(consent, reason))) is asked


@pytest.mark.parametrize(("risk", "call"), [("yes", True), ("not_sure", True), ("no", False)])
def test_at_risk_now_or_perhaps_means_telephone_as_well(risk, call):
    assert rules.asks_for_call(replace(WHOLE, risk_now=risk)) is call


def test_a_browser_is_forgotten_after_two_hours_and_a_form_after_a_week():
    assert not rules.is_over(FRIDAY + timedelta(hours=2), started=FRIDAY, last_seen=FRIDAY)
    assert rules.is_over(FRIDAY + timedelta(hours=2, seconds=1), started=FRIDAY, last_seen=FRIDAY)
    twelve = FRIDAY + timedelta(hours=12, seconds=1)
    assert rules.is_over(twelve, started=FRIDAY, last_seen=twelve)
    assert rules.kept_until(FRIDAY) == FRIDAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("allowed", "most"),
    [(rules.may_start, rules.STARTED_AN_HOUR), (rules.may_send, rules.SENT_A_DAY),
     (rules.may_write_to, rules.LETTERS_A_DAY)],
)  # fmt: skip
def test_so_many_and_no_more(allowed, most):
    assert allowed(most - 1)
    assert not allowed(most)


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"),
     ("not an address", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_limits_count_networks(address, network):
    assert rules.network_of(address) == network


def test_the_desks_list_names_the_children_in_short():
    assert rules.names_in_short(WHOLE, FRIDAY) == "Wren Fernsby, 7 years"


def test_a_form_as_full_as_can_be_finds_room_twice_in_a_network():
    whole = rules.MOST_FILES * LARGEST
    assert rules.may_keep(LARGEST, of_network=2 * whole - LARGEST, in_all=0)
    assert not rules.may_keep(1, of_network=2 * whole, in_all=0)
    assert rules.may_keep(1, of_network=0, in_all=rules.HELD_IN_ALL - 1)
    assert not rules.may_keep(2, of_network=0, in_all=rules.HELD_IN_ALL - 1)
