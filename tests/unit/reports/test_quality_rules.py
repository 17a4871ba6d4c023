"""Periods, lots and small numbers (G6)."""

from __future__ import annotations

from datetime import date

import pytest

from app.meetings.types import Attendance
from app.referrals.types import Outcome
from app.reports.quality import periods
from app.reports.quality.feedback.rules import LEAST, is_asked, own, told
from app.reports.quality.feedback.types import Answered, View
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


def _answers(first: date, *chairs: int) -> list[Answered]:
    return [Answered(first, chair, View.YES, View.NO, None) for chair in chairs]


def test_answers_are_told_when_nobody_can_answer_any_more() -> None:
    summer = _answers(date(2026, 7, 1), *[1] * LEAST)
    few = _answers(date(2026, 4, 1), *[1] * (LEAST - 1))
    assert told(summer, date(2026, 9, 30)) == []
    assert told(summer, date(2026, 10, 15)) == []
    assert told(summer, date(2026, 10, 16)) == summer
    # A year tells no more than its quarters.
    assert told([*few, *summer], date(2027, 4, 30)) == summer


def test_ones_own_answers_are_not_told_where_the_rest_is_somebody_elses() -> None:
    first, second = date(2026, 7, 1), date(2026, 10, 1)
    assert own(_answers(first, *[1] * 9, *[2] * 4), 1) == []
    assert own(_answers(first, *[1] * 4, *[2] * 9), 1) == []
    assert own(_answers(first, *[1] * 5, *[2] * 5), 1) == _answers(first, *[1] * 5)
    mixed = [*_answers(first, *[1] * 5, *[2] * 5), *_answers(second, 1, 1, 2, 2, 2, 2, 2)]
    assert own(mixed, 1) == _answers(first, *[1] * 5)


def test_the_quarters_of_a_year_and_of_a_quarter() -> None:
    assert [one.key for one in periods.quarters_of(periods.year(2026))] == [
        "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4",
    ]  # fmt: skip
    assert periods.quarters_of(periods.quarter(2026, 4)) == (periods.quarter(2026, 4),)


def test_who_took_part_is_asked() -> None:
    assert is_asked(Attendance.BY_PHONE, "a@example.org", removed=False)
    assert not is_asked(Attendance.ABSENT, "a@example.org", removed=False)
    assert not is_asked(None, "a@example.org", removed=False)
    assert not is_asked(Attendance.BY_PHONE, None, removed=False)
    assert not is_asked(Attendance.BY_PHONE, "a@example.org", removed=True)
