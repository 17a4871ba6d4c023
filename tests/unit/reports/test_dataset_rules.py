"""Months, quarters, when to count again, and the list of wards (G3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core.refusal import Refused
from app.directory.wards.rules import as_list, mistakes, read_list
from app.reports.dataset import rules
from tests.clock import FRIDAY

HOUR = timedelta(hours=1)


def test_a_month_begins_at_midnight_in_london() -> None:
    assert rules.month_of(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "2026-07"
    assert rules.bounds("2026-07") == (
        datetime(2026, 6, 30, 23, tzinfo=UTC),
        datetime(2026, 7, 31, 23, tzinfo=UTC),
    )


def test_a_month_in_which_clocks_change_has_two_stretches() -> None:
    turn = datetime(2026, 10, 25, 1, tzinfo=UTC)
    (first, until, summer), (begins, last, winter) = rules.stretches("2026-10")
    assert (until, begins) == (turn, turn)
    assert (summer, winter) == (3600, 0)
    assert (first, last) == rules.bounds("2026-10")
    assert len(rules.stretches("2026-11")) == 1
    assert [ahead for _, _, ahead in rules.stretches("2026-03")] == [0, 3600]


def test_periods_are_whole_quarters_and_years_made_of_them() -> None:
    offered = rules.periods(FRIDAY, "2026-05")
    assert [one.key for one in offered][:3] == [
        "2026-10-to-2026-12",
        "2026-07-to-2026-09",
        "2026-04-to-2026-06",
    ]
    year = rules.chosen(offered, "2026-01-to-2026-12")
    assert [one.key for one in year.quarters] == [
        "2026-01-to-2026-03",
        "2026-04-to-2026-06",
        "2026-07-to-2026-09",
        "2026-10-to-2026-12",
    ]
    assert rules.chosen(offered, "2026-11-03 to 2026-11-04").key == "2026-10-to-2026-12"


def test_a_month_is_counted_again_when_something_changed_and_it_has_rested() -> None:
    done = FRIDAY + timedelta(seconds=2)
    changed = FRIDAY + timedelta(seconds=10)

    def due(now: datetime, changed_at: datetime, seconds: float = 0.1, young: bool = False) -> bool:
        return rules.is_due(now, changed_at, FRIDAY, done, seconds, young=young)

    assert not due(done + HOUR, FRIDAY)  # nothing since
    assert not due(done + timedelta(seconds=30), changed)  # rests a minute
    assert due(done + timedelta(seconds=61), changed)
    assert not due(done + timedelta(seconds=61), changed, seconds=30)  # rests 25 minutes
    assert due(done + timedelta(days=1), FRIDAY, young=True)
    assert not due(done + timedelta(days=29), FRIDAY)
    assert due(done + timedelta(days=30), FRIDAY)
    assert rules.is_due(done, FRIDAY, None, None, 0.0, young=False)


def test_the_list_of_wards_is_read_and_written_alike() -> None:
    wards = read_list("Mill, North, Team A\n\nCanal\tSouth\tTeam B\n")
    assert [ward.name for ward in wards] == ["Mill", "Canal"]
    assert as_list(wards) == "Mill, North, Team A\nCanal, South, Team B"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Mill, North", "Line 1: write ward, area and team"),
        ("Mill, North, A\nmill, North, A", "Line 2: mill is in the list twice"),
        ("Mill, North, A\nLock, North, B", "Line 2: the area North has the team A"),
        (f"{'M' * 81}, North, A", "Line 1: shorten"),
    ],
)
def test_what_is_wrong_with_the_list_is_said_with_its_line(text: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        read_list(text)


def test_every_wrong_line_of_the_wards_is_named() -> None:
    text = "Mill, North, Team A\nCanal\n\nmill, North, Team A\nQuay, North, Team B\nHill, West, T"
    assert mistakes(text) == [
        "Line 2: write ward, area and team, with commas between",
        "Line 4: mill is in the list twice",
        "Line 5: the area North has the team Team A in a line above",
    ]
    assert mistakes("Mill, North, Team A") == []
