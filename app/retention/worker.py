"""The worker's part: what came to nothing more goes into the archive by itself (F8)."""

from __future__ import annotations

from datetime import datetime

from app.audit.types import SYSTEM
from app.core.config import Settings
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.retention import queries, service
from app.retention.rules import ARCHIVE_AFTER
from app.retention.types import CaseKey, CaseKind

MOST = 100


def archive(settings: Settings, now: datetime) -> int:
    """Close referrals that were decided long ago and came to no discussion; returns how many."""
    refs = queries.to_archive(reading(), now - ARCHIVE_AFTER, MOST)
    reading().rollback()
    closed = 0
    for ref in refs:
        try:
            with transaction() as session:
                service.close(session, SYSTEM, CaseKey(CaseKind.REFERRAL, ref), now)
            closed += 1
        except Refused:
            continue  # something came up in this moment: it stays open
    return closed
