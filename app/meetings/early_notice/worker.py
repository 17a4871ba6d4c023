"""The worker's part: the quality service is told what is due, a transaction for each discussion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from app.core.config import Settings
from app.core.session import reading, transaction
from app.meetings.early_notice import queries, service
from app.referrals.sender import Sender

log = structlog.get_logger()


def tell_early(settings: Settings, now: datetime) -> int:
    """Queue what is due; returns how many letters were queued.

    One discussion's fault does not hold up the others: it is logged, and tried again at the next
    turn. Until then the notice of one that has ended is overdue, and the system administrator's
    first page says so.
    """
    given = {"sender": Sender(settings.mail_from, settings.base_url), "now": now}
    queued, fault, tried = 0, None, set[int]()
    while waiting := _due(now, tried):
        for meeting_id, act in waiting.items():
            tried.add(meeting_id)
            try:
                with transaction() as session:
                    queued += act(session, meeting_id=meeting_id, **given)
            except Exception as error:
                fault = error
                log.error("quality service not told", meeting=meeting_id, exc_info=error)
    if fault is not None and not queued:
        raise fault  # the job failed, and is seen as failed
    return queued


def _due(now: datetime, tried: set[int]) -> dict[int, Callable[..., int]]:
    """What is to be done, by discussion: of those that have ended, and of those under way."""
    session = reading()
    found: dict[int, Callable[..., int]] = {
        meeting_id: partial(service.tell, child_ids=child_ids)
        for meeting_id, child_ids in queries.due(session, now, tried).items()
    }
    for meeting_id in queries.settled(session, now, tried):
        found.setdefault(meeting_id, service.tell_during)
    session.rollback()
    return found
