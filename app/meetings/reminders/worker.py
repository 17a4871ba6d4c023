"""The worker's part: reminders whose time has come, a transaction for each discussion."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core.config import Settings
from app.core.session import reading, transaction
from app.directory.queries import council_or_none
from app.meetings.reminders import queries, service
from app.protocols.registry import active
from app.referrals.sender import Sender


def remind_due(settings: Settings, now: datetime) -> int:
    """Remind of every booked discussion that is near enough; returns how many letters."""
    council = council_or_none(reading())
    hours = active(council.protocol_id).reminders if council else ()
    near = queries.near(reading(), now, now + timedelta(hours=max(hours))) if hours else []
    reading().rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    queued = 0
    for ref, _starts_at in near:
        with transaction() as session:
            queued += service.remind(session, ref, hours, sender, now)
    return queued
