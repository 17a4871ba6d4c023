"""Agencies that have not answered are reminded by themselves (A6)."""

from __future__ import annotations

from datetime import datetime

from app.core.config import Settings
from app.core.session import transaction
from app.referrals.checks import service
from app.referrals.sender import Sender


def remind_agencies(settings: Settings, now: datetime) -> int:
    """Send the reminder that is due longest; returns 1, or 0 where none is due."""
    with transaction() as session:
        sender = Sender(settings.mail_from, settings.base_url)
        return int(service.remind_due(session, sender, now))
