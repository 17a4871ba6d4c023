"""The worker's part: what came to nothing more goes into the archive by itself (F8)."""

from __future__ import annotations

from datetime import datetime

from app.audit.types import SYSTEM
from app.core.config import Settings
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.retention import holds, queries, service
from app.retention.rules import ARCHIVE_AFTER

MOST = 100


def archive(settings: Settings, now: datetime) -> int:
    """Close what was settled long ago and came to no discussion: referrals, domestic abuse cases,
    forms that were no referral; returns how many."""
    keys = queries.to_archive(reading(), now - ARCHIVE_AFTER, MOST)
    reading().rollback()
    closed = 0
    for key in keys:
        try:
            with transaction() as session:
                service.close(session, SYSTEM, key, now)
            closed += 1
        except Refused:
            continue  # something came up in this moment: it stays open
    return closed


def reopen_for_work(settings: Settings, now: datetime) -> int:
    """Open closed cases again that took new work; returns how many."""
    keys = queries.in_work(reading(), MOST)
    reading().rollback()
    opened = 0
    for key in keys:
        with transaction() as session:
            opened += service.reopen_for_work(session, key, now)
    return opened


def hold_newcomers(settings: Settings, now: datetime) -> int:
    """Mark what holds keep since a child came to a held case; returns how many cases."""
    keys = [one.on for one in holds.all_active(reading(), MOST)]
    reading().rollback()
    held = 0
    for key in keys:
        try:
            with transaction() as session:
                held += service.hold_newcomers(session, key, now)
        except Refused:
            continue  # it became a referral in this moment: marked the next time
    return held
