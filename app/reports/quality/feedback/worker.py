"""The worker's part: once it is noted who took part, a transaction for each discussion."""

from __future__ import annotations

from datetime import datetime

from app.core.config import Settings
from app.core.session import reading, transaction
from app.directory.queries import council_or_none
from app.referrals.sender import Sender
from app.reports.quality.feedback import queries, service


def ask_for_feedback(settings: Settings, now: datetime) -> int:
    """Ask the people of every discussion whose hour has come; returns how many letters."""
    if council_or_none(reading()) is None:
        return 0
    ended = queries.to_ask(reading(), now)
    reading().rollback()
    sender = Sender(settings.mail_from, settings.base_url)
    queued = 0
    for meeting_id in ended:
        with transaction() as session:
            queued += service.ask(session, meeting_id, sender, now)
    with transaction() as session:
        service.forget(session, now)
    return queued
