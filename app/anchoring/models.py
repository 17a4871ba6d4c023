"""Which head of the audit was sent out on which day (H3)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class AuditAnchor(Base):
    """One letter. The day is the key: however many workers run, each day is sent once."""

    __tablename__ = "audit_anchor"

    day: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    entry_id: Mapped[int]
    digest: Mapped[str]
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
