"""On which day a list is gone through: pure (C10)."""

from __future__ import annotations

from datetime import date, timedelta

from app.protocols.types import Every, Series, Weekday
from app.protocols.working_days import SATURDAY, BankHolidaysUnknown, is_working_day

_ONE_DAY = timedelta(days=1)
_DAYS = tuple(Weekday)


def sitting_day(series: Series, today: date) -> date:
    """The local day under which a list opened now is kept: there is one list for each.

    A daily list that is opened on a weekend or bank holiday is that of the next working day. A
    weekly one is kept under its day of this week; where the area names none, under the Monday.
    """
    if series.every is Every.WORKING_DAY:
        day = today
        while not _is_open(day):
            day += _ONE_DAY
        return day
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=_DAYS.index(series.day) if series.day else 0)


def when_in_words(series: Series) -> str:
    """`Every working day`, `Every week, on Tuesday`, `Every week`."""
    if series.every is Every.WORKING_DAY:
        return "Every working day"
    return f"Every week, on {series.day.capitalize()}" if series.day else "Every week"


def _is_open(day: date) -> bool:
    try:
        return is_working_day(day)
    except BankHolidaysUnknown:
        # Past the published bank holidays a weekday counts: a list can always be opened.
        return day.weekday() < SATURDAY
