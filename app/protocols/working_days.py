"""Working days of England and Wales, from a table that ends where GOV.UK's publication ends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from holidays import country_holidays

from app.core.clock import LONDON, london_date

FIRST_KNOWN_DAY = date(2012, 1, 1)
# The last year for which GOV.UK has published bank holidays. Move it when GOV.UK does, never
# before: the library goes on computing, but a royal proclamation can move or add a day.
LAST_KNOWN_DAY = date(2028, 12, 31)

SATURDAY = 5
ONE_DAY = timedelta(days=1)


class BankHolidaysUnknown(ValueError):
    """The answer needs bank holidays that are not in the table.

    `earliest` is the soonest moment (UTC) that the answer could be if no unknown day were a
    bank holiday or a weekend, so that a caller can still tell when another deadline is sooner.
    """

    def __init__(self, earliest: datetime) -> None:
        super().__init__(
            f"bank holidays are known from {in_words(FIRST_KNOWN_DAY)} to "
            f"{in_words(LAST_KNOWN_DAY)} only (the years that GOV.UK has published)"
        )
        self.earliest = earliest


def in_words(day: date) -> str:
    """A day as people write it: 19 November 2026."""
    return f"{day.day} {day:%B %Y}"


def end_of_day(day: date) -> datetime:
    """23:59:59 of a London day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), LONDON).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """Midnight at the start of a London day, in UTC."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


@cache
def _table() -> tuple[int, ...]:
    """Every known working day as an ordinal, ascending."""
    years = range(FIRST_KNOWN_DAY.year, LAST_KNOWN_DAY.year + 1)
    # England and Wales share their bank holidays; "ENG" is the pair's name in the library.
    closed = {day.toordinal() for day in country_holidays("GB", subdiv="ENG", years=years)}
    return tuple(
        ordinal
        for ordinal in range(FIRST_KNOWN_DAY.toordinal(), LAST_KNOWN_DAY.toordinal() + 1)
        if date.fromordinal(ordinal).weekday() < SATURDAY and ordinal not in closed
    )


def _is_known(day: date) -> bool:
    return FIRST_KNOWN_DAY <= day <= LAST_KNOWN_DAY


def is_bank_holiday(day: date) -> bool:
    """Whether a weekday is a bank holiday of England and Wales; past the published years none is
    known."""
    return day.weekday() < SATURDAY and _is_known(day) and not is_working_day(day)


def is_working_day(day: date) -> bool:
    """Whether a day is neither a weekend nor a bank holiday of England and Wales.

    Raises BankHolidaysUnknown outside the published years.
    """
    if not _is_known(day):
        raise BankHolidaysUnknown(end_of_day(day))
    table = _table()
    place = bisect_left(table, day.toordinal())
    return place < len(table) and table[place] == day.toordinal()


def add_working_days(day: date, count: int) -> date:
    """The `count`th working day after `day`; `day` itself never counts.

    `count` is at least 1. Raises BankHolidaysUnknown where the count leaves the published years.
    """
    if count < 1:
        raise ValueError(f"count at least one working day, not {count}")
    if day < FIRST_KNOWN_DAY - ONE_DAY:
        raise BankHolidaysUnknown(end_of_day(day + timedelta(days=count)))
    table = _table()
    after = bisect_right(table, day.toordinal())
    if after + count <= len(table):
        return date.fromordinal(table[after + count - 1])
    still_to_count = count - (len(table) - after)
    last_counted = max(day, LAST_KNOWN_DAY)
    raise BankHolidaysUnknown(end_of_day(last_counted + timedelta(days=still_to_count)))


def next_working_day(day: date) -> date:
    """The first working day after `day`. Raises BankHolidaysUnknown outside the known years."""
    return add_working_days(day, 1)


def this_or_next_working_day(day: date) -> date:
    """`day` where it is a working day, else the next one.

    Raises BankHolidaysUnknown outside the published years.
    """
    return day if is_working_day(day) else next_working_day(day)


def add_working_hours(start: datetime, hours: int) -> datetime:
    """The moment (UTC) at which `hours` of working days have passed since `start`.

    Working days count from midnight to midnight in London; weekends and bank holidays stand
    still. `hours` is at least 1. Raises BankHolidaysUnknown outside the published years.
    """
    if hours < 1:
        raise ValueError(f"count at least one working hour, not {hours}")
    moment, left = start.astimezone(UTC), timedelta(hours=hours)
    while True:
        day = london_date(moment)
        if not _is_known(day):
            raise BankHolidaysUnknown(moment + left)
        midnight = start_of_day(day + ONE_DAY)
        if is_working_day(day):
            if left <= midnight - moment:
                return moment + left
            left -= midnight - moment
        moment = midnight
