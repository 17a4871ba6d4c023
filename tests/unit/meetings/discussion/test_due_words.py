"""Dates as they are said on the telephone, on a Friday at a quarter to five."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import words_for_due
from app.meetings.discussion.due_words import DueUnclear, parse_due, parse_moment
from tests.clock import FRIDAY


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tomorrow 5 pm", "Saturday 21 November 2026 at 5:00 pm"),
        ("before the weekend", "Friday 20 November 2026"),
        ("within 3 working days", "Wednesday 25 November 2026"),
        ("three working days", "Wednesday 25 November 2026"),
        ("27 Nov", "Friday 27 November 2026"),
        ("27th of November", "Friday 27 November 2026"),
        ("Nov 27", "Friday 27 November 2026"),
        ("27/11", "Friday 27 November 2026"),
        ("27.11.26", "Friday 27 November 2026"),
        ("2026-11-27", "Friday 27 November 2026"),
        ("27/11/2026 at 3pm", "Friday 27 November 2026 at 3:00 pm"),
        ("Friday", "Friday 27 November 2026"),
        ("this Friday", "Friday 20 November 2026"),
        ("by Monday 9.30am", "Monday 23 November 2026 at 9:30 am"),
        ("next Tuesday", "Tuesday 24 November 2026"),
        ("before Wednesday", "Tuesday 24 November 2026"),
        ("tonight", "Friday 20 November 2026"),
        ("at once", "Friday 20 November 2026"),
        ("by 5pm", "Friday 20 November 2026 at 5:00 pm"),
        ("17:30", "Friday 20 November 2026 at 5:30 pm"),
        ("in 2 hours", "Friday 20 November 2026 at 6:45 pm"),
        ("within 24 hours", "Saturday 21 November 2026 at 4:45 pm"),
        ("in the morning", "Saturday 21 November 2026 at midday"),
        ("tomorrow first thing", "Saturday 21 November 2026 at 9:00 am"),
        ("close of business on Monday", "Monday 23 November 2026 at 5:00 pm"),
        ("next week", "Friday 27 November 2026"),
        ("end of the month", "Monday 30 November 2026"),
        ("within a week", "Friday 27 November 2026"),
        ("next working day", "Monday 23 November 2026"),
        ("1 Jan", "Friday 1 January 2027"),
        ("midnight", "Friday 20 November 2026"),
    ],
)
def test_what_people_say(said: str, meant: str):
    assert words_for_due(parse_due(said, FRIDAY)) == meant


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("", "Say by when"),
        ("asap", "is no date"),
        ("soon", "is no date"),
        ("32 Nov", "is no date"),
        ("30 February", "is no date"),
        ("yesterday", "has passed"),
        ("18 Nov", "has passed"),
        ("Thursday 27 Nov", "is not a Thursday"),
        ("27 Nov 2031", "within two years"),
        ("within 900 working days", "Bank holidays are not known"),
        ("13 pm", "is no date"),
        ("²", "is no date"),
    ],
)
def test_what_is_no_date_says_what_to_do(said: str, advice: str):
    with pytest.raises(DueUnclear, match=advice):
        parse_due(said, FRIDAY)


def test_before_the_weekend_leaves_out_a_bank_holiday():
    before_good_friday = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
    due = parse_due("before the weekend", before_good_friday)
    assert words_for_due(due) == "Thursday 2 April 2026"


def test_working_days_leave_out_christmas():
    christmas_eve = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
    assert (
        words_for_due(parse_due("in 2 working days", christmas_eve)) == "Wednesday 30 December 2026"
    )


@pytest.mark.parametrize(
    ("now", "said", "due"),
    [
        # The clocks go back on 25 October 2026 and forward on 28 March 2027.
        (
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            "tomorrow 9 am",
            datetime(2026, 10, 25, 9, tzinfo=UTC),
        ),
        (
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            "24 hours",
            datetime(2026, 10, 25, 12, tzinfo=UTC),
        ),
        (
            datetime(2027, 3, 27, 12, tzinfo=UTC),
            "tomorrow 9 am",
            datetime(2027, 3, 28, 8, tzinfo=UTC),
        ),
    ],
)
def test_local_times_across_a_change_of_the_clocks(now: datetime, said: str, due: datetime):
    assert parse_due(said, now) == due


def test_a_moment_may_be_past():
    assert words_for_due(parse_moment("today 4:10 pm", FRIDAY)) == (
        "Friday 20 November 2026 at 4:10 pm"
    )


@given(st.integers(min_value=1, max_value=60 * 24 * 700))
def test_words_read_back_to_the_same_moment(minutes: int):
    due = parse_due(words_for_due(FRIDAY + timedelta(minutes=minutes)), FRIDAY)
    assert words_for_due(parse_due(words_for_due(due), FRIDAY)) == words_for_due(due)


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_refused(said: str):
    try:
        assert parse_due(said, FRIDAY).tzinfo is not None
    except DueUnclear as unclear:
        assert str(unclear)
