"""Which reminder went to whom, so that none goes twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class ReminderSent(Base):
    """The primary key is the rule: once for each person, time of the discussion and reminder."""

    __tablename__ = "reminder_sent"

    invitee_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    hours_before: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]
