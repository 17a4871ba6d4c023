"""The worker's part: the quality service is told what is due, a transaction for each discussion."""

from __future__ import annotations

from datetime import datetime

from app.core.config import Settings
from app.core.session import reading, transaction
from app.meetings.early_notice import queries, service
from app.meetings.messages import Sender


def tell_early(settings: Settings, now: datetime) -> int:
    """Queue what is due; returns how many letters were queued."""
    waiting = queries.due(reading(), now)
    reading().rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    queued = 0
    for meeting_id, child_ids in waiting.items():
        with transaction() as session:
            queued += service.tell(session, meeting_id, child_ids, sender, now)
    return queued
