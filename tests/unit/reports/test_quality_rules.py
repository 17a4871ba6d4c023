"""Periods, lots and small numbers (G6)."""

from __future__ import annotations

from datetime import date

import pytest

from app.meetings.types import Attendance
from app.referrals.types import Outcome
from app.reports.quality import periods
from app.reports.quality.board.rules import HIDDEN, WITHHELD, rate, rows, suppressed
from app.reports.quality.feedback.rules import is_asked
from app.reports.quality.sample.rules import EACH, Candidate, digest_of, drawn


def test_a_quarter_is_of_the_councils_year() -> None:
    assert periods.quarter_of(date(2026, 11, 20)).key == "2026-Q3"
    assert periods.quarter_of(date(2027, 1, 1)).key == "2026-Q4"
    assert periods.quarter_of(date(2026, 4, 1)).start == date(2026, 4, 1)
    assert periods.quarter_before(date(2026, 5, 1)).key == "2025-Q4"
    assert periods.quarter_before(date(2027, 1, 9)).key == "2026-Q3"
    assert periods.month_before(date(2027, 1, 9)).key == "2026-12"


def test_the_quarters_make_the_year() -> None:
    whole = periods.year(2026)
    parts = [periods.quarter(2026, number) for number in (1, 2, 3, 4)]
    assert [whole.start, *[one.end for one in parts]] == [*[p.start for p in parts], whole.end]


@pytest.mark.parametrize("key", ["2026-Q5", "26", "2026-10", "x", "", "2026-Q", "²026"])
def test_what_is_no_period_is_none(key: str) -> None:
    assert periods.parsed(key) is None


def test_a_period_in_british_summer_time_begins_at_local_midnight() -> None:
    start, _end = periods.quarter(2026, 1).moments
    assert start.isoformat() == "2026-03-31T23:00:00+00:00"


CASES = [
    Candidate(number, f"RF-{number:04}", outcome)
    for number, outcome in enumerate([*Outcome] * 7, start=1)
]


def test_a_draw_is_the_same_each_time_and_in_any_order() -> None:
    first = drawn(CASES, "seed")
    assert first == drawn(list(reversed(CASES)), "seed")
    assert first != drawn(CASES, "another")
    assert digest_of(one.ref for one in CASES) == digest_of(one.ref for one in CASES[::-1])


def test_every_outcome_is_drawn_however_rare() -> None:
    rare = [one for one in CASES if one.outcome is not Outcome.ADVICE] + [CASES[7]]
    found = drawn(rare, "seed")
    for outcome in Outcome:
        there = sum(one.outcome is outcome for one in rare)
        assert sum(one.outcome is outcome for one in found) == min(EACH, there)


def test_a_small_number_cannot_be_worked_out_from_the_others() -> None:
    shown = suppressed({"a": 40, "b": 3, "c": 9, "d": 0})
    assert shown == {"a": 40, "b": None, "c": None, "d": 0}
    assert [row.value for row in rows({"a": 40, "b": 3, "c": 9})] == ["40", HIDDEN, WITHHELD]


def test_two_small_numbers_hide_each_other_only_where_their_sum_does() -> None:
    assert suppressed({"a": 40, "b": 3, "c": 4})["a"] == 40
    assert suppressed({"a": 40, "b": 1, "c": 1, "d": 20})["d"] is None


def test_a_share_is_withheld_where_either_side_is_small() -> None:
    assert rate("x", 38, 40).share is None
    assert rate("x", 2, 40).share is None
    assert rate("x", 30, 40).value == "30 of 40 (75%)"
    assert rate("x", 40, 40).share == 100
    assert rate("x", 0, 0).value == "None"


def test_who_took_part_is_asked() -> None:
    assert is_asked(Attendance.BY_PHONE, "a@example.org", removed=False)
    assert not is_asked(Attendance.ABSENT, "a@example.org", removed=False)
    assert not is_asked(None, "a@example.org", removed=False)
    assert not is_asked(Attendance.BY_PHONE, None, removed=False)
    assert not is_asked(Attendance.BY_PHONE, "a@example.org", removed=True)
