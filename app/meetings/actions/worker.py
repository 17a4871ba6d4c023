"""The worker's part: owners are reminded of their actions, a transaction for each discussion."""

from __future__ import annotations

from datetime import datetime

from app.core.config import Settings
from app.core.session import reading, transaction
from app.meetings.actions import queries, service
from app.meetings.messages import Sender

MOST = 50


def remind_owners(settings: Settings, now: datetime) -> int:
    """Remind of every open action whose time has come; returns how many letters."""
    refs = queries.to_remind(reading(), now, MOST)
    reading().rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    queued = 0
    for ref in refs:
        with transaction() as session:
            queued += service.remind(session, ref, sender, now)
    return queued
