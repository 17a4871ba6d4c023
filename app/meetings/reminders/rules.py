"""Who is reminded when: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.meetings.types import Answer

# Who has said that they will not be there needs no reminder to be; who sends a report is asked for
# it until it has come.
_NOT_EXPECTED = frozenset({Answer.DECLINED, Answer.DEPUTY})


def due_now(hours: Sequence[int], starts_at: datetime, now: datetime) -> int | None:
    """The reminder whose time has come, in hours before the start, the last of them; or None.

    None too once the discussion has begun: a reminder afterwards helps nobody.
    """
    if now >= starts_at:
        return None
    past = [each for each in hours if now >= starts_at - timedelta(hours=each)]
    return min(past) if past else None


def wants_reminder(
    answer: Answer,
    *,
    removed: bool,
    has_reported: bool,
    told_at: datetime | None,
    starts_at: datetime,
    hours: int,
) -> bool:
    """Whether somebody gets the reminder that falls `hours` before the start.

    `told_at` is when they were last invited or told of a change: whoever learned of it later than
    the reminder's time has just read it, and is not told again. Without a letter there is no
    reminder: that person is telephoned.
    """
    if removed or answer in _NOT_EXPECTED or (answer is Answer.REPORT and has_reported):
        return False
    return told_at is not None and told_at < starts_at - timedelta(hours=hours)
