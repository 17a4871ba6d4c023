"""When a referral can have been received."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.referrals.came_in.rules import problems, same_on_the_clock
from app.referrals.came_in.types import CameInGiven
from app.referrals.types import Channel
from tests.clock import FRIDAY

GIVEN = CameInGiven(FRIDAY, Channel.PHONE, source_agency_id=1)


def fields(given: CameInGiven, decided_at: datetime | None = None) -> list[str]:
    return [one.field for one in problems(given, FRIDAY, decided_at)]


def test_what_came_in_before_it_was_entered_stands():
    assert fields(GIVEN) == []
    assert fields(replace(GIVEN, source_agency_id=None, source_agency_name="A club")) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source_agency_id": None}, "source_agency_id"),
        ({"received_at": FRIDAY + timedelta(minutes=1)}, "received_at"),
        ({"received_at": FRIDAY - timedelta(days=367)}, "received_at"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(change, field):
    assert fields(replace(GIVEN, **change)) == [field]


def test_a_decision_comes_after_the_referral():
    assert fields(GIVEN, FRIDAY) == []
    assert fields(GIVEN, FRIDAY - timedelta(minutes=1)) == ["received_at"]


def test_the_form_shows_no_seconds_and_says_which_of_two_hours():
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 1:30 BST, then 1:30 GMT an hour later
    assert not same_on_the_clock(first, first + timedelta(hours=1))
    assert same_on_the_clock(FRIDAY + timedelta(seconds=31), FRIDAY)
    assert not same_on_the_clock(FRIDAY + timedelta(minutes=1), FRIDAY)
