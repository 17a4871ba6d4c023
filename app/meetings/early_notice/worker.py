"""The worker's part: the quality service is told what is due, a transaction for each discussion."""

from __future__ import annotations

from datetime import datetime

import structlog

from app.core.config import Settings
from app.core.session import reading, transaction
from app.meetings.early_notice import queries, service
from app.meetings.messages import Sender

log = structlog.get_logger()


def tell_early(settings: Settings, now: datetime) -> int:
    """Queue what is due; returns how many letters were queued.

    One discussion's fault does not hold up the others: it is logged, and tried again at the next
    turn. Until then its notice is overdue, and the system administrator's first page says so.
    """
    sender = Sender(settings.mail_from, settings.base_url)
    queued, fault, tried = 0, None, set[int]()
    while waiting := _due(now, tried):
        for meeting_id, child_ids in waiting.items():
            tried.add(meeting_id)
            try:
                with transaction() as session:
                    queued += service.tell(session, meeting_id, child_ids, sender, now)
            except Exception as error:
                fault = error
                log.error("quality service not told", meeting=meeting_id, exc_info=error)
    if fault is not None and not queued:
        raise fault  # the job failed, and is seen as failed
    return queued


def _due(now: datetime, tried: set[int]) -> dict[int, list[int]]:
    found = queries.due(reading(), now, tried)
    reading().rollback()
    return found
