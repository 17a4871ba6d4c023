"""Which reminder of an action went out, so that none goes twice, and who took one over (E3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, true
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class ActionReminder(Base):
    """The primary key is the rule: once for each action, its date and step. Step 0 is before the
    date, 1 when it has passed, then one more for each time that it is chased."""

    __tablename__ = "action_reminder"

    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]  # or when it was passed over
    by_letter: Mapped[bool] = mapped_column(server_default=true())


class ActionHandover(Base):
    """An action went to somebody else after the record was signed, which keeps saying whose it was
    when it was agreed. `progress` is what was reported of it until then."""

    __tablename__ = "action_handover"
    __table_args__ = (Index("ix_action_handover_action", "action_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"))
    from_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    reason: Mapped[str] = mapped_column(EncryptedText)
    progress: Mapped[str | None] = mapped_column(EncryptedText)
    handed_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    handed_at: Mapped[datetime]
