"""Working days of England and Wales, with GOV.UK's own list as the oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from govuk_bank_holidays.bank_holidays import BankHolidays
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import london_date
from app.protocols.working_days import (
    FIRST_KNOWN_DAY,
    LAST_KNOWN_DAY,
    BankHolidaysUnknown,
    add_working_days,
    add_working_hours,
    end_of_day,
    is_working_day,
    next_working_day,
    this_or_next_working_day,
)

DAY = timedelta(days=1)
ORACLE = BankHolidays(use_cached_holidays=True)
PUBLISHED = {
    holiday["date"] for holiday in ORACLE.get_holidays(division=BankHolidays.ENGLAND_AND_WALES)
}

known_days = st.dates(FIRST_KNOWN_DAY, date(2028, 6, 30))
known_moments = st.datetimes(
    datetime.fromisoformat("2012-01-02"),
    datetime.fromisoformat("2028-11-01"),
    timezones=st.just(UTC),
)


def test_the_table_is_gov_uks_on_every_day() -> None:
    day = FIRST_KNOWN_DAY
    while day <= LAST_KNOWN_DAY:
        assert is_working_day(day) is (day.weekday() < 5 and day not in PUBLISHED), day
        day += DAY


def test_the_table_ends_where_gov_uks_publication_ends() -> None:
    assert max(PUBLISHED).year == LAST_KNOWN_DAY.year


@pytest.mark.parametrize("day", [LAST_KNOWN_DAY + DAY, FIRST_KNOWN_DAY - DAY])
def test_no_guess_outside_the_published_years(day: date) -> None:
    with pytest.raises(BankHolidaysUnknown, match="31 December 2028"):
        is_working_day(day)


def test_the_last_working_day_is_still_answered_and_the_next_is_not() -> None:
    assert next_working_day(date(2028, 12, 28)) == date(2028, 12, 29)
    with pytest.raises(BankHolidaysUnknown) as caught:
        next_working_day(date(2028, 12, 29))
    assert caught.value.earliest == end_of_day(date(2029, 1, 1))


def test_working_days_past_the_table_say_the_soonest_they_could_end() -> None:
    with pytest.raises(BankHolidaysUnknown) as caught:
        add_working_days(date(2028, 12, 28), 3)
    assert caught.value.earliest == end_of_day(date(2029, 1, 2))


def test_a_start_before_the_table_is_refused_although_the_end_is_inside() -> None:
    with pytest.raises(BankHolidaysUnknown):
        add_working_days(FIRST_KNOWN_DAY - 2 * DAY, 5)


@given(known_days, st.integers(1, 60))
def test_exactly_so_many_working_days_are_counted(day: date, count: int) -> None:
    end = add_working_days(day, count)
    between = [day + n * DAY for n in range(1, (end - day).days + 1)]
    assert is_working_day(end)
    assert sum(is_working_day(each) for each in between) == count


@given(known_days, known_days, st.integers(1, 60))
def test_a_later_start_is_never_due_sooner(one: date, other: date, count: int) -> None:
    early, late = sorted((one, other))
    assert add_working_days(early, count) <= add_working_days(late, count)


@given(known_days)
def test_this_or_next_is_the_day_itself_or_the_next(day: date) -> None:
    expected = day if is_working_day(day) else next_working_day(day)
    assert this_or_next_working_day(day) == expected


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        # Friday afternoon runs on into Monday.
        ("2026-11-20T16:00+00:00", 24, "2026-11-23T16:00+00:00"),
        # Saturday stands still until Monday begins.
        ("2026-11-21T09:00+00:00", 24, "2026-11-24T00:00+00:00"),
        # Exactly the whole of Friday ends with Friday.
        ("2026-11-20T00:00+00:00", 24, "2026-11-21T00:00+00:00"),
        # The last weekend of October has 49 hours and none of them counts.
        ("2026-10-23T16:00+01:00", 24, "2026-10-26T16:00+00:00"),
        # So has the last of March, with 47.
        ("2026-03-27T16:00+00:00", 24, "2026-03-30T16:00+01:00"),
        # Good Friday to Easter Monday.
        ("2027-03-25T12:00+00:00", 24, "2027-03-30T12:00+01:00"),
    ],
)
def test_working_hours(start: str, hours: int, end: str) -> None:
    found = add_working_hours(datetime.fromisoformat(start), hours)
    assert found == datetime.fromisoformat(end)


@given(known_moments, st.integers(1, 100))
def test_working_hours_are_never_shorter_than_elapsed_ones(start: datetime, hours: int) -> None:
    end = add_working_hours(start, hours)
    assert end - start >= timedelta(hours=hours)
    assert is_working_day(london_date(end - timedelta(microseconds=1)))


@given(known_moments, known_moments, st.integers(1, 100))
def test_working_hours_keep_the_order(one: datetime, other: datetime, hours: int) -> None:
    early, late = sorted((one, other))
    assert add_working_hours(early, hours) <= add_working_hours(late, hours)


def test_working_hours_past_the_table_say_the_soonest_they_could_end() -> None:
    with pytest.raises(BankHolidaysUnknown) as caught:
        add_working_hours(datetime(2028, 12, 29, 20, tzinfo=UTC), 24)
    assert caught.value.earliest == datetime(2029, 1, 1, 20, tzinfo=UTC)


@pytest.mark.parametrize("count", [0, -1])
def test_nothing_to_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        add_working_days(date(2026, 11, 20), count)
    with pytest.raises(ValueError, match="at least one"):
        add_working_hours(datetime(2026, 11, 20, tzinfo=UTC), count)
