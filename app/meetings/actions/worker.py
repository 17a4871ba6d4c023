"""The worker's part: owners are told and reminded of their actions, a transaction for each
discussion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.core.config import Settings
from app.core.session import reading, transaction
from app.meetings.actions import queries, service
from app.referrals.sender import Sender

MOST = 50
log = structlog.get_logger()


def remind_owners(settings: Settings, now: datetime) -> int:
    """Tell of actions that were noted after the end, and remind of every open one whose time has
    come; returns how many letters."""
    sender = Sender(settings.mail_from, settings.base_url)
    told = _each(service.tell, queries.to_tell(reading(), now, MOST), sender, now)
    return told + _each(service.remind, queries.to_remind(reading(), now, MOST), sender, now)


def _each(
    act: Callable[[Session, str, Sender, datetime], int],
    refs: list[str],
    sender: Sender,
    now: datetime,
) -> int:
    """One bad row does not keep the others waiting: it is tried again at the next turn."""
    reading().rollback()
    queued, failed = 0, None
    for ref in refs:
        try:
            with transaction() as session:
                queued += act(session, ref, sender, now)
        except Exception as error:
            failed = error
            log.error("owners of actions not told", reference=ref, exc_info=error)
    if failed is not None and not queued:
        raise failed  # the job failed, and is seen as failed
    return queued
