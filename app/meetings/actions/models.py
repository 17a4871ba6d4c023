"""Which reminder of an action went out, so that none goes twice (E3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class ActionReminder(Base):
    """The primary key is the rule: once for each action, its date and step. Step 0 is before the
    date, 1 when it has passed, then one more for each time that it is chased."""

    __tablename__ = "action_reminder"

    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]
