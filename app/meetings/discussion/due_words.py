"""Dates as people say them on the telephone: "tomorrow 5 pm", "before the weekend"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from app.core.clock import from_london, in_london, words_for_day, words_for_due
from app.protocols.working_days import (
    BankHolidaysUnknown,
    add_working_days,
    end_of_day,
    is_working_day,
)

EXAMPLES = "tomorrow 5 pm, Friday, within 3 working days or 27 Nov"
# By the end of a day: kept to the minute, so that it reads as a day and not as a time.
END = time(23, 59)
_LONGEST = timedelta(days=730)
_JUST_NOW = timedelta(days=60)
_ALMOST_A_YEAR = timedelta(days=365) - _JUST_NOW

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14, "fifteen": 15,
}  # fmt: skip
_PARTS_OF_DAY = {
    "first thing": time(9),
    "morning": time(12),
    "lunchtime": time(13),
    "afternoon": time(17),
    "close of business": time(17),
    "close of play": time(17),
    "cob": time(17),
    "evening": time(21),
    "midday": time(12),
    "noon": time(12),
    "midnight": END,
}

_TIME = re.compile(
    r"\b(?:at |by |before )?(?:(\d{1,2})[:.](\d{2})\s*(am|pm|a\.m\.|p\.m\.)?"
    r"|(\d{1,2})\s*(am|pm|a\.m\.|p\.m\.))(?![\w/])"
)
_SPAN = re.compile(
    r"^(?:in|within|after)?\s*(?:the next )?(\d{1,3}|[a-z]+)\s+"
    r"(working days?|hours?|hrs?|minutes?|mins?|days?|weeks?|months?)(?: time)?$"
)
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_SLASHED = re.compile(r"^(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{2}|\d{4}))?$")
_DAY_MONTH = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]{3,9})\.?(?: (\d{2}|\d{4}))?$")
_MONTH_DAY = re.compile(r"^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?: (\d{2}|\d{4}))?$")


class DueUnclear(ValueError):
    """Words that are no date. The message says what to type instead."""


def parse_due(words: str, now: datetime, since: datetime | None = None) -> datetime:
    """By when something is to be done, in UTC, from words said on `now` (aware).

    A day without a time is its end, 11:59 pm in London; "before Friday" is the end of Thursday;
    working days are counted as the clocks count them (TIMING). Raises DueUnclear for words that
    are no date, for a date with the wrong day of the week, for the past and for more than two
    years ahead. Where the discussion is over, `since` is when it began: what was agreed then may
    have fallen due before it is written down.
    """
    due, day_named = _parsed(words, now)
    earliest = min(now, since.replace(second=0, microsecond=0)) if since else now
    if due < earliest and not day_named:
        # "in the morning", said in the afternoon, is tomorrow's.
        due = from_london(in_london(due).replace(tzinfo=None) + timedelta(days=1))
    if due < earliest:
        passed = "which has passed" if since is None else "before the discussion began"
        raise DueUnclear(f"That is {words_for_due(due)}, {passed}: give a later time")
    if due - now > _LONGEST:
        raise DueUnclear(f"That is {words_for_due(due)}: give a date within two years")
    return due


def parse_moment(words: str, now: datetime) -> datetime:
    """A moment in words, in UTC; it may be past. Raises DueUnclear."""
    return _parsed(words, now)[0]


def _parsed(words: str, now: datetime) -> tuple[datetime, bool]:
    """The moment, and whether the words named a day."""
    said = _tidied(words)
    if not said:
        raise DueUnclear(f"Say by when, for example {EXAMPLES}")
    try:
        moment, day_named = _moment(said, now)
        # Midnight is misread by a day: a minute before it belongs to the day that people mean.
        at_midnight = in_london(moment).time() == time(0)
        return moment - timedelta(minutes=1) if at_midnight else moment, day_named
    except (ValueError, OverflowError) as error:
        if isinstance(error, DueUnclear):
            raise
        if isinstance(error, BankHolidaysUnknown):
            raise DueUnclear(
                "Bank holidays are not known that far ahead: give a date instead of working days"
            ) from error
        raise DueUnclear(f"“{words.strip()}” is no date: say for example {EXAMPLES}") from error


def _tidied(words: str) -> str:
    said = " ".join(words.lower().replace(",", " ").replace("’", "'").split()).strip(" .;")
    for noise in ("no later than ", "not later than ", "latest by ", "due "):
        said = said.removeprefix(noise)
    return said


def _moment(said: str, now: datetime) -> tuple[datetime, bool]:
    if span := _span(said.removeprefix("by "), now):
        return span, True
    rest, at = _take_time(said)
    rest, before = _taken(rest, "before")
    for word in ("by", "on", "the"):
        rest, _ = _taken(rest, word)
    rest, at = _take_part_of_day(rest, at)
    for word in ("at", "by", "on"):
        rest = rest.removesuffix(f" {word}") if rest != word else ""
    rest = rest.strip()
    if rest in ("", "today", "tonight", "now", "immediately", "at once", "straight away"):
        if not rest and at is None:
            raise DueUnclear(f"Say by when, for example {EXAMPLES}")
        return _at(_today(now), at), bool(rest)
    day = _day(rest, now)
    if before and at is None and rest not in _PERIODS:
        day -= timedelta(days=1)
    return _at(day, at), True


def _taken(said: str, word: str) -> tuple[str, bool]:
    return (said[len(word) + 1 :], True) if said.startswith(f"{word} ") else (said, False)


def _span(said: str, now: datetime) -> datetime | None:
    found = _SPAN.match(said)
    if found is None:
        return None
    count = int(found[1]) if found[1].isdigit() else _NUMBERS.get(found[1], 0)
    if not count:
        return None
    unit = found[2].removesuffix("s")
    if unit == "working day":
        # The clocks' own end of a day has seconds; a due time is kept to the minute.
        return end_of_day(add_working_days(_today(now), count)).replace(second=0, microsecond=0)
    if unit in ("hour", "hr"):
        return (now + timedelta(hours=count)).astimezone(UTC).replace(microsecond=0)
    if unit in ("minute", "min"):
        return (now + timedelta(minutes=count)).astimezone(UTC).replace(microsecond=0)
    if unit == "month":
        return _at(_months_on(_today(now), count), None)
    return _at(_today(now) + timedelta(days=count * (7 if unit == "week" else 1)), None)


def _take_time(said: str) -> tuple[str, time | None]:
    # 27.11 and 27.11.26 are dates, not times.
    for found in _TIME.finditer(said):
        hour, minute, half = int(found[1] or found[4]), int(found[2] or 0), found[3] or found[5]
        if half is None and (found[0].strip() == said and "." in said and minute <= 12 < hour):
            continue
        if found.end() < len(said) and said[found.end()] in "./-":
            continue
        if half:
            if not 1 <= hour <= 12:
                raise ValueError("no such hour")
            hour = hour % 12 + (12 if half.startswith("p") else 0)
        rest = f"{said[: found.start()]} {said[found.end() :]}"
        return " ".join(rest.split()), time(hour, minute)
    return said, None


def _take_part_of_day(said: str, at: time | None) -> tuple[str, time | None]:
    for words, hour in _PARTS_OF_DAY.items():
        if found := re.search(rf"\b(?:(?:in the|by|at) )?{words}\b(?: on)?", said):
            rest = " ".join(f"{said[: found.start()]} {said[found.end() :]}".split())
            return rest, at or hour
    return said, at


def _day(said: str, now: datetime) -> date:
    today = _today(now)
    if said in ("tomorrow", "tmrw", "tomorrow night"):
        return today + timedelta(days=1)
    if said in ("day after tomorrow", "the day after tomorrow"):
        return today + timedelta(days=2)
    if said in ("yesterday",):
        return today - timedelta(days=1)
    if said in ("next working day", "working day"):
        return add_working_days(today, 1)
    if period := _PERIODS.get(said):
        return period(today)
    if (weekday := _weekday(said, today)) is not None:
        return weekday
    first, _, rest = said.partition(" ")
    named = _named_day(first)
    day = _calendar_day(rest if named is not None and rest else said, today)
    if named is not None and rest and day.weekday() != named:
        raise DueUnclear(
            f"{words_for_day(_at(day, None))} is not a {_DAYS[named].capitalize()}: "
            "check the day and the date"
        )
    return day


def _named_day(word: str) -> int | None:
    word = word.strip(".")
    for number, name in enumerate(_DAYS):
        if len(word) >= 3 and name.startswith(word):
            return number
    return {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}.get(word)


def _weekday(said: str, today: date) -> date | None:
    """`Friday` is the next one after today, `this Friday` may be today, `next` is next week's."""
    which, _, rest = said.rpartition(" ")
    named = _named_day(rest)
    if named is None or which not in ("", "this", "next", "this coming", "coming"):
        return None
    ahead = (named - today.weekday()) % 7
    if which == "next":
        return today + timedelta(days=7 - today.weekday() + named)
    if ahead == 0 and which != "this":
        ahead = 7
    return today + timedelta(days=ahead)


def _calendar_day(said: str, today: date) -> date:
    if found := _ISO.match(said):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _SLASHED.match(said):
        return _in_year(int(found[1]), int(found[2]), found[3], today)
    if found := _DAY_MONTH.match(said):
        return _in_year(int(found[1]), _month(found[2]), found[3], today)
    if found := _MONTH_DAY.match(said):
        return _in_year(int(found[2]), _month(found[1]), found[3], today)
    raise ValueError("no date")


def _month(word: str) -> int:
    return _MONTHS.index(word[:3]) + 1


def _in_year(day: int, month: int, year: str | None, today: date) -> date:
    """The day in the year given, else the next time it comes round, or just went by."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    # 29 February comes round in leap years alone: a year without it is no date.
    found = date(today.year, month, day)
    if found < today - _JUST_NOW:
        return date(today.year + 1, month, day)
    return date(today.year - 1, month, day) if found - today > _ALMOST_A_YEAR else found


def _before_weekend(today: date) -> date:
    """The last working day before Saturday; on a weekend, before the next one."""
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    return _working_day_on_or_before(friday, today)


def _next_week(today: date) -> date:
    friday = today + timedelta(days=7 - today.weekday() + 4)
    return _working_day_on_or_before(friday, today)


def _end_of_month(today: date) -> date:
    return _months_on(today.replace(day=1), 1) - timedelta(days=1)


def _working_day_on_or_before(day: date, earliest: date) -> date:
    while day > earliest and not is_working_day(day):
        day -= timedelta(days=1)
    return day


def _months_on(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))


_PERIODS: dict[str, Callable[[date], date]] = {
    "weekend": _before_weekend,
    "end of week": _before_weekend,
    "end of the week": _before_weekend,
    "end of this week": _before_weekend,
    "this week": _before_weekend,
    "next week": _next_week,
    "end of next week": _next_week,
    "end of month": _end_of_month,
    "end of the month": _end_of_month,
    "month end": _end_of_month,
    "christmas": lambda today: _christmas_eve(today),
}


def _christmas_eve(today: date) -> date:
    eve = date(today.year, 12, 24)
    return eve if eve >= today else date(today.year + 1, 12, 24)


def _today(now: datetime) -> date:
    return in_london(now).date()


def _at(day: date, at: time | None) -> datetime:
    return from_london(datetime.combine(day, at or END))
