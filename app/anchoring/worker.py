"""The worker's part: today's head of the audit leaves the house (H3)."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError

from app.anchoring.models import AuditAnchor
from app.anchoring.service import send
from app.core.clock import london_date
from app.core.config import Settings
from app.core.session import reading, transaction
from app.records.sealing import sealer_of

log = structlog.get_logger()


def send_head(settings: Settings, now: datetime) -> int:
    """Queue today's letter to AUDIT_ANCHOR_TO unless it was; nothing where nobody is named."""
    if settings.audit_anchor_to is None:
        return 0
    session = reading()
    there = session.get(AuditAnchor, london_date(now)) is not None
    session.rollback()
    if there:
        return 0
    sealer = sealer_of(settings)
    try:
        with transaction() as session:
            return send(
                session, settings.audit_anchor_to, settings.mail_from, settings.base_url, sealer,
                now,
            )  # fmt: skip
    except IntegrityError:
        log.info("audit head sent by another worker")
        return 0
