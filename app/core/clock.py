"""The one place that reads the wall clock.

Rules and services take `now` as an argument; only routes, commands and the worker call `now()`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


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


def moments_of(local: datetime) -> tuple[datetime, ...]:
    """The moments, in UTC, at which clocks in England show this naive local time: one, or two in
    the hour that comes twice in October, or none in the hour that is left out in March."""
    if local.tzinfo is not None:
        raise ValueError("moments_of takes a local time without an offset")
    found = {local.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(each for each in found if in_london(each).replace(tzinfo=None) == local))


def zone_where_twice(local: datetime) -> str:
    """`BST` or `GMT` for an aware local time in the hour that comes twice in October, else ``."""
    if local.hour != 1:  # the only hour that does: asked first, as pages say hundreds of times
        return ""
    other = local.replace(fold=1 - local.fold)
    return "" if other.utcoffset() == local.utcoffset() else str(local.tzname())


def words_for_day(moment: datetime) -> str:
    """`Friday 20 November 2026`."""
    return _day(in_london(moment))


def words_for_time(moment: datetime) -> str:
    """`4:45 pm`; midnight and noon by name, because 12:00 am is misread. In the hour that comes
    twice when clocks go back: `1:30 am BST` or `1:30 am GMT`."""
    return _time(in_london(moment))


def words_for_moment(moment: datetime) -> str:
    """`Friday 20 November 2026 at 4:45 pm`; the time as in `words_for_time`."""
    local = in_london(moment)
    return f"{_day(local)} at {_time(local)}"


def _day(local: datetime) -> str:
    # Lists say dozens of them: names looked up here cost a third of what strftime takes.
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def _time(local: datetime) -> str:
    hour, minute = local.hour, local.minute
    if minute == 0 and hour % 12 == 0:
        return "midday" if hour else "midnight"
    said = f"{hour % 12 or 12}:{minute:02d} {'am' if hour < 12 else 'pm'}"
    zone = zone_where_twice(local)
    return f"{said} {zone}" if zone else said


def words_for_due(moment: datetime) -> str:
    """By when something is to be done: `Friday 27 November 2026`, with the time unless it is the
    end of the day, which is kept as its last minute."""
    return words_for_day(moment) if ends_day(moment) else words_for_moment(moment)


def ends_day(moment: datetime) -> bool:
    """Whether it is the last minute of a day in London."""
    local = in_london(moment)
    return (local.hour, local.minute) == (23, 59)


def words_for_span(span: timedelta) -> str:
    """A length of time in words, rounded down to minutes: `2 hours 10 minutes`."""
    minutes = int(abs(span).total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes, "minute")]
    words = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(words) or "less than a minute"
