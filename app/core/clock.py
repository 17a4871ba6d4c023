"""The one place that reads the wall clock.

Rules and services take `now` as an argument; only routes, commands and the worker call `now()`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def in_london(moment: datetime) -> datetime:
    """The same moment as people in England read it on the wall."""
    return moment.astimezone(LONDON)


def london_date(moment: datetime) -> date:
    """The local calendar day of a moment."""
    return in_london(moment).date()


def from_london(local: datetime) -> datetime:
    """A naive local time typed by a person, as UTC.

    An hour that happens twice in October is taken as its first; one that never happens in March
    is moved on by the missing hour, as clocks do.
    """
    if local.tzinfo is not None:
        raise ValueError("from_london takes a local time without an offset")
    return local.replace(tzinfo=LONDON).astimezone(UTC)


def words_for_day(moment: datetime) -> str:
    """`Friday 20 November 2026`."""
    local = in_london(moment)
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def words_for_time(moment: datetime) -> str:
    """`4:45 pm`; midnight and noon by name, because 12:00 am is misread."""
    local = in_london(moment)
    if (local.hour, local.minute) == (0, 0):
        return "midnight"
    if (local.hour, local.minute) == (12, 0):
        return "midday"
    hour = local.hour % 12 or 12
    return f"{hour}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def words_for_moment(moment: datetime) -> str:
    """`Friday 20 November 2026 at 4:45 pm`."""
    return f"{words_for_day(moment)} at {words_for_time(moment)}"


def words_for_span(span: timedelta) -> str:
    """A length of time in words, rounded down to minutes: `2 hours 10 minutes`."""
    minutes = int(abs(span).total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes, "minute")]
    words = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(words) or "less than a minute"
