"""Local time where clocks change: the hour that comes twice, and the one that is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core.clock import in_london, moments_of, words_for_due, words_for_moment, words_for_time

FIRST = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_hour_that_comes_twice_says_by_which_clock():
    assert words_for_moment(FIRST) == "Sunday 25 October 2026 at 1:30 am BST"
    assert words_for_moment(FIRST + HOUR) == "Sunday 25 October 2026 at 1:30 am GMT"
    assert words_for_time(FIRST - timedelta(minutes=30)) == "1:00 am BST"
    assert words_for_time(FIRST + HOUR - timedelta(seconds=1801)) == "1:59 am BST"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 27, 23, 59, tzinfo=UTC), "Friday 27 November 2026"),
        (datetime(2026, 7, 3, 22, 59, tzinfo=UTC), "Friday 3 July 2026"),
        (datetime(2026, 7, 3, 23, 59, tzinfo=UTC), "Saturday 4 July 2026 at 12:59 am"),
        (datetime(2026, 11, 27, 17, tzinfo=UTC), "Friday 27 November 2026 at 5:00 pm"),
    ],
)
def test_what_is_due_by_the_end_of_a_day_is_due_on_that_day(moment, words):
    assert words_for_due(moment) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (FIRST - HOUR, "12:30 am"),
        (FIRST + 2 * HOUR, "2:30 am"),
        (FIRST + timedelta(hours=25), "1:30 am"),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2:30 am"),
    ],
)
def test_no_other_time_does(moment, words):
    assert words_for_time(moment) == words


def typed(*parts: int) -> datetime:
    """A local time without an offset, as a form reads it."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc]


def test_a_local_time_is_one_moment_or_two_or_none():
    assert moments_of(typed(2026, 10, 25, 1, 30)) == (FIRST, FIRST + HOUR)
    assert moments_of(typed(2026, 3, 29, 1, 30)) == ()
    assert moments_of(typed(2026, 7, 1, 9)) == (datetime(2026, 7, 1, 8, tzinfo=UTC),)
    for extreme in (typed(1, 1, 1), typed(9999, 12, 31, 23, 59)):
        assert [in_london(each).replace(tzinfo=None) for each in moments_of(extreme)] == [extreme]


def test_an_aware_time_is_no_local_time():
    with pytest.raises(ValueError, match="without an offset"):
        moments_of(FIRST)
