"""Months and quarters, and what may be chosen: pure (G3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from app.core.clock import in_london, london_date
from app.protocols.working_days import start_of_day
from app.reports.dataset.types import Period, Quarter

# A month whose counting took long rests longer before it is counted again.
SHORTEST_REST = timedelta(seconds=60)
REST_FACTOR = 50
# What the audit does not tell of: a figure is never older than this: a day while its month is
# young, a month afterwards.
COUNT_ANEW = timedelta(days=1)
COUNT_OLD_ANEW = timedelta(days=30)
# The longest clock, 45 working days, runs out in the third month after its own.
YOUNG_MONTHS = 4
LONGEST = 8  # quarters that can be chosen


def month_of(moment: datetime) -> str:
    """The local month of a moment: `2026-11`."""
    return f"{in_london(moment):%Y-%m}"


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Every month from `first` to `last`, both among them."""
    year, month = map(int, first.split("-"))
    found = []
    while (name := f"{year}-{month:02d}") <= last:
        found.append(name)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(found)


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first moment of a local month and of the one after it, in UTC."""
    year, number = map(int, month.split("-"))
    following = date(year + 1, 1, 1) if number == 12 else date(year, number + 1, 1)
    return start_of_day(date(year, number, 1)), start_of_day(following)


def stretches(month: str) -> tuple[tuple[datetime, datetime, int], ...]:
    """A month in parts during which clocks keep one offset: (from, until, seconds ahead of UTC).

    So that the database can tell local hours by plain arithmetic, on any engine.
    """
    first, last = bounds(month)
    ahead, ends = _offset(first), _offset(last - timedelta(seconds=1))
    if ahead == ends:
        return ((first, last, ahead),)
    # Clocks change at one o'clock UTC, in every country that shares the rule.
    turn = next(
        moment
        for day in range(32)
        if _offset(moment := first.replace(hour=1) + timedelta(days=day)) != ahead
    )
    return (first, turn, ahead), (turn, last, ends)


def quarter_of(day: date) -> Quarter:
    """The quarter in which a local day lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def periods(now: datetime, first_month: str | None) -> tuple[Period, ...]:
    """What can be chosen, newest first: quarters back to the first referral, then years.

    Whole quarters alone, and years made of them: periods that overlap otherwise could be
    subtracted from one another (docs/decisions).
    """
    quarter = quarter_of(london_date(now))
    oldest = first_month or quarter.months[0]
    found = [quarter]
    while len(found) < LONGEST and found[-1].before.months[-1] >= oldest:
        found.append(found[-1].before)
    years = [
        Period(
            f"{_year(one)[0].months[0]}-to-{one.months[-1]}",
            f"The year to {one.last_month}",
            _year(one),
        )
        for one in found[:4]
    ]
    return (*(Period(one.key, one.label, (one,)) for one in found), *years)


def chosen(offered: Sequence[Period], key: str) -> Period:
    """The period with this key, else the first."""
    return next((one for one in offered if one.key == key), offered[0])


def is_due(
    now: datetime, changed_at: datetime, begun_at: datetime | None, worked_at: datetime | None,
    seconds: float, *, young: bool,
) -> bool:  # fmt: skip
    """Whether a month has to be counted (again): something changed since its last counting began,
    and it has rested; or a day went by while it is young, 30 days afterwards."""
    if worked_at is None or begun_at is None:
        return True
    rested = now - worked_at >= max(SHORTEST_REST, timedelta(seconds=REST_FACTOR * seconds))
    longest = COUNT_ANEW if young else COUNT_OLD_ANEW
    return rested and (changed_at > begun_at or now - worked_at >= longest)


def is_young(month: str, now: datetime) -> bool:
    """Whether a month is counted anew each day: the current one and the three before it."""
    return len(months_between(month, month_of(now))) <= YOUNG_MONTHS


def _year(last: Quarter) -> tuple[Quarter, ...]:
    found = [last]
    while len(found) < 4:
        found.append(found[-1].before)
    return tuple(reversed(found))


def _offset(moment: datetime) -> int:
    ahead = in_london(moment).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())
