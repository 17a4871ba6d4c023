"""Office hours, facts, consent, decisions, ages, re-referrals: no database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.clock import from_london
from app.protocols.loading import load_protocols
from app.protocols.types import Facts
from app.protocols.types import Flag as FlagFact
from app.referrals import rules
from app.referrals.types import (
    CHILD_PROTECTION,
    AdultGiven,
    Channel,
    ChildGiven,
    Concern,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Flag,
    Intake,
    Rating,
)
from tests.clock import FRIDAY

TODAY = date(2026, 11, 20)


@dataclass
class Office:
    office_opens: str = "09:00"
    office_closes: str = "17:00"
    closure_days: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("local", "closed", "expected"),
    [
        ("2026-11-20 16:45", [], True),
        ("2026-11-20 08:59:59", [], False),
        ("2026-11-20 09:00", [], True),
        ("2026-11-20 17:00", [], False),
        ("2026-11-21 11:00", [], False),
        ("2026-12-25 11:00", [], False),
        ("2026-12-24 11:00", ["2026-12-24"], False),
        ("2026-07-01 09:30", [], True),  # in summer time 8:30 in UTC
        ("2031-01-06 11:00", [], True),  # a Monday past the known bank holidays
        ("2031-01-05 11:00", [], False),
    ],
)
def test_office_hours(local, closed, expected):
    assert (
        rules.in_office_hours(
            from_london(datetime.fromisoformat(local)), Office(closure_days=closed)
        )
        is expected
    )


@dataclass
class Held:
    received_at: datetime = FRIDAY
    identified_at: datetime | None = None
    need_identified_at: datetime | None = None
    immediate_action_at: datetime | None = None
    flags: list[str] = field(default_factory=list)
    rating: Rating | None = None
    domestic_abuse: DomesticAbuseRisk | None = None


def test_facts_keep_what_clocks_ask_for_and_leave_the_rest():
    facts = rules.facts_of(
        Held(
            flags=["serious_harm", "housing", "in_hospital"],
            rating=Rating.AMBER,
            domestic_abuse=DomesticAbuseRisk.HIGH,
            need_identified_at=FRIDAY,
        )
    )
    assert facts == Facts(
        received_at=FRIDAY,
        need_identified_at=FRIDAY,
        flags=frozenset({FlagFact.SERIOUS_HARM}),
        rag=Rating.AMBER,
        domestic_abuse=DomesticAbuseRisk.HIGH,
    )


def test_every_flag_that_a_clock_asks_for_can_be_ticked():
    assert {flag.value for flag in FlagFact} <= {flag.value for flag in Flag}


def test_the_decision_is_due_24_hours_after_the_referral():
    london = load_protocols()["london"]
    assert rules.decision_due(london, rules.facts_of(Held())) == FRIDAY + timedelta(hours=24)


def test_without_that_clock_24_hours_still_hold():
    london = replace(load_protocols()["london"], rules=())
    assert rules.decision_due(london, rules.facts_of(Held())) == FRIDAY + timedelta(hours=24)


def fields(problems):
    return [problem.field for problem in problems]


def test_consent_that_was_not_given_needs_basis_and_reason():
    assert fields(rules.consent_problems(ConsentGiven(ConsentState.GIVEN))) == []
    assert fields(rules.consent_problems(CHILD_PROTECTION)) == []
    assert fields(rules.consent_problems(ConsentGiven(ConsentState.REFUSED))) == [
        "lawful_basis",
        "consent_reason",
    ]


INTAKE = Intake(
    received_at=FRIDAY,
    channel=Channel.PHONE,
    children=(ChildGiven("Wren", "Testwell", date(2019, 3, 27)),),
    source_agency_id=1,
    concerns=(Concern.NEGLECT,),
    narrative="Seen.",
)


def test_a_whole_referral_has_no_problem():
    assert list(rules.intake_problems(INTAKE, FRIDAY)) == []


def test_an_empty_referral_names_everything_at_once():
    empty = Intake(received_at=FRIDAY, channel=Channel.PHONE, children=())
    assert fields(rules.intake_problems(empty, FRIDAY)) == [
        "source_agency_id",
        "children-0-given_name",
        "concerns",
        "narrative",
    ]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"received_at": FRIDAY + timedelta(seconds=1)}, ["received_at"]),
        ({"received_at": FRIDAY - timedelta(days=367)}, ["received_at"]),
        ({"identified_at": FRIDAY + timedelta(hours=1)}, ["identified_at"]),
        ({"identified_at": datetime(1926, 11, 20, tzinfo=UTC)}, ["identified_at"]),
        ({"flags": frozenset({Flag.IMMEDIATE_ACTION})}, ["immediate_action_at"]),
        ({"immediate_action_at": FRIDAY}, ["flags"]),
        ({"rating": Rating.RED}, ["rating_reason"]),
        ({"adults": (AdultGiven("", "Uncle"),)}, ["adults-0-name"]),
        ({"children": INTAKE.children * 2}, ["children-1-given_name"]),
        (
            {
                "children": (
                    ChildGiven("A", "B", same_as="CH-1"),
                    ChildGiven("C", "B", same_as="CH-1"),
                )
            },
            ["children-1-same_as"],
        ),
        ({"children": (ChildGiven("A", "B"),) * 21}, ["children-0-given_name"]),
    ],
)
def test_each_problem_names_its_field(changes, where):
    assert fields(rules.intake_problems(replace(INTAKE, **changes), FRIDAY)) == where


@pytest.mark.parametrize(
    ("child", "where"),
    [
        (ChildGiven("", ""), ["given_name"]),
        (ChildGiven("Wren", ""), []),
        (ChildGiven("Wren", "T", date(2026, 11, 20)), []),
        (ChildGiven("Wren", "T", date(2026, 11, 21)), ["date_of_birth"]),
        (ChildGiven("Wren", "T", date(1890, 1, 1)), ["date_of_birth"]),
        (ChildGiven("Wren", "T", date(2001, 1, 1)), []),  # over 18: asked elsewhere, not refused
        (ChildGiven("", "T", due_date=date(2027, 5, 3)), []),
        (ChildGiven("", "T", due_date=date(2028, 5, 3)), ["due_date"]),
        (ChildGiven("", "T", due_date=date(2026, 9, 3)), ["due_date"]),
        (ChildGiven("W", "T", date(2026, 1, 1), date(2026, 12, 3)), ["due_date"]),
    ],
)
def test_a_child_needs_a_name_and_dates_that_can_be(child, where):
    assert fields(rules.child_problems(child, TODAY)) == where


@pytest.mark.parametrize(
    ("born", "words", "adult"),
    [
        (None, "age not known", False),
        (date(2026, 11, 20), "0 days", False),
        (date(2026, 11, 19), "1 day", False),
        (date(2026, 10, 20), "1 month", False),
        (date(2025, 11, 20), "12 months", False),
        (date(2024, 11, 21), "23 months", False),
        (date(2024, 11, 20), "2 years", False),
        (date(2008, 11, 21), "17 years", False),
        (date(2008, 11, 20), "18 years", True),
    ],
)
def test_ages_in_words(born, words, adult):
    assert rules.age_in_words(born, None, TODAY) == words
    assert rules.is_adult(born, TODAY) is adult


def test_a_baby_not_born_yet_has_no_age():
    assert rules.age_in_words(None, date(2027, 1, 1), TODAY) == "not born yet"


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (datetime(2025, 11, 20, 9, tzinfo=UTC), True),
        (datetime(2025, 11, 19, 9, tzinfo=UTC), False),
        (FRIDAY, True),
        (FRIDAY + timedelta(minutes=1), False),
    ],
)
def test_a_re_referral_is_within_twelve_months(earlier, expected):
    assert rules.is_re_referral(earlier, FRIDAY) is expected


def test_a_leap_day_has_a_day_twelve_months_before():
    assert rules.months_before(date(2028, 2, 29), 12) == date(2027, 2, 28)
    assert rules.months_before(date(2026, 1, 31), 2) == date(2025, 11, 30)
