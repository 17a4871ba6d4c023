"""When people are asked, and from how many answers on they are shown: pure (G6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from app.meetings.types import Attendance
from app.reports.quality.feedback.types import Answered
from app.reports.quality.periods import quarter_of

# While they remember it, and after they have left.
AFTER = timedelta(hours=1)
# So long it may take until it is noted who took part; then those are asked who are known.
WAIT = timedelta(hours=20)
# Whoever was not asked within a day is not asked any more, and a link is open for two weeks.
NOT_LATER = timedelta(days=1)
OPEN_FOR = timedelta(days=14)
# Of fewer answers somebody could tell whose they are.
LEAST = 5

_TOOK_PART = frozenset(
    {
        Attendance.IN_PERSON, Attendance.BY_PHONE, Attendance.JOINED_LATE,
        Attendance.REPORT_ONLY,
    }
)  # fmt: skip


def is_asked(attendance: Attendance | None, email: str | None, *, removed: bool) -> bool:
    """Whether somebody is asked for their view: who took part and can be written to."""
    return attendance in _TOOK_PART and bool(email) and not removed


def told(answers: Sequence[Answered], today: date) -> list[Answered]:
    """The answers that may be told: of quarters to which nobody can answer any more, with so many
    that none of them is anybody's. Before that every new answer would show by itself."""
    count = Counter(one.quarter for one in answers)
    return [one for one in answers if count[one.quarter] >= LEAST and _closed(one.quarter, today)]


def own(answers: Sequence[Answered], chair_id: int) -> list[Answered]:
    """Those of one's own discussions, of each quarter in which neither they nor the rest are too
    few: the rest is what is left when they are taken from all."""
    count = Counter((one.quarter, one.chair_id == chair_id) for one in answers)
    return [
        one
        for one in answers
        if one.chair_id == chair_id
        and min(count[one.quarter, True], count[one.quarter, False]) >= LEAST
    ]


def _closed(quarter: date, today: date) -> bool:
    """Whether the last link of a quarter is closed, by its first day."""
    return today >= quarter_of(quarter).end + NOT_LATER + OPEN_FOR
