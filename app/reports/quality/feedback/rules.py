"""When people are asked, and from how many answers on they are shown: pure (G6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from app.meetings.types import Attendance

# While they remember it, and after they have left.
AFTER = timedelta(hours=1)
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


def shown(answers: Collection[object]) -> bool:
    """Whether there are so many answers that none of them is anybody's."""
    return len(answers) >= LEAST
