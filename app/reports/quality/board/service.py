"""Making the report: who made which, and when (G6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.reports.quality.periods import Period

SUBJECT, MADE = "board report", "board report made"


def make(session: Session, actor: Actor, period: Period, now: datetime) -> None:
    """Note that somebody takes the report of a period away with them."""
    record(session, actor, MADE, Subject(SUBJECT, period.key), now)
