"""Months, quarters and years of the council: pure.

A year runs from April to March, as councils report (IMAP 8: quarterly, IMAP 11: annually).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from app.core.clock import from_london


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the day before `end`."""

    key: str  # 2026-10, 2026-Q2, 2026
    words: str
    start: date
    end: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Its beginning and its end, aware, in UTC."""
        return (
            from_london(datetime.combine(self.start, time())),
            from_london(datetime.combine(self.end, time())),
        )

    def is_over(self, today: date) -> bool:
        return today >= self.end


def _first(year: int, month: int) -> date:
    """The first day of a month; months beyond December are of the next year."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def month(year: int, number: int) -> Period:
    """`2026-10`: October 2026."""
    start = _first(year, number)
    return Period(f"{start:%Y-%m}", f"{start:%B %Y}", start, _first(start.year, start.month + 1))


def quarter(year: int, number: int) -> Period:
    """`2026-Q2`: the second quarter of the year that began in April 2026."""
    start, end = _first(year, 1 + 3 * number), _first(year, 4 + 3 * number)
    last = _first(year, 3 + 3 * number)
    words = f"Quarter {number} of {year} to {(year + 1) % 100:02d}"
    return Period(f"{year}-Q{number}", f"{words}: {start:%B} to {last:%B} {last.year}", start, end)


def year(first: int) -> Period:
    """`2026`: April 2026 to March 2027."""
    words = f"Year {first} to {(first + 1) % 100:02d}: April {first} to March {first + 1}"
    return Period(str(first), words, date(first, 4, 1), date(first + 1, 4, 1))


def quarters_of(period: Period) -> tuple[Period, ...]:
    """The quarters of a quarter or a year."""
    if "-" in period.key:
        return (period,)
    return tuple(quarter(period.start.year, number) for number in (1, 2, 3, 4))


def year_of(day: date) -> int:
    """The calendar year in which the council's year of this day began."""
    return day.year if day.month >= 4 else day.year - 1


def quarter_of(day: date) -> Period:
    return quarter(year_of(day), (day.month - 4) % 12 // 3 + 1)


def month_before(day: date) -> Period:
    """The last whole month before this day."""
    return month(day.year, day.month - 1) if day.month > 1 else month(day.year - 1, 12)


def quarter_before(day: date) -> Period:
    """The last whole quarter before this day."""
    start = quarter_of(day).start
    return quarter_of(date(start.year - (start.month == 1), (start.month - 2) % 12 + 1, 1))


def parsed(key: str) -> Period | None:
    """A quarter or a year by its key, or None where it is none."""
    first, _, rest = key.partition("-")
    if not (first.isascii() and first.isdigit() and len(first) == 4 and first > "2000"):
        return None
    if not rest:
        return year(int(first))
    return quarter(int(first), int(rest[1])) if rest in ("Q1", "Q2", "Q3", "Q4") else None
