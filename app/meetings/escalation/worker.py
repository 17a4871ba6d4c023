"""The worker's part: disagreements whose step's time is over, a transaction for each."""

from __future__ import annotations

from datetime import datetime

from app.core.config import Settings
from app.core.session import reading, transaction
from app.meetings.escalation import queries, service
from app.referrals.sender import Sender


def warn_late(settings: Settings, now: datetime) -> int:
    """Tell the managers of each; returns how many letters were queued."""
    waiting = queries.late(reading(), now)
    reading().rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    queued = 0
    for escalation_id in waiting:
        with transaction() as session:
            queued += service.warn(session, escalation_id, sender, now)
    return queued
