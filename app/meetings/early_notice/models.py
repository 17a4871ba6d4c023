"""What the quality service was told by mail, before a conference is referred to it (E2, F8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, values_of
from app.meetings.after.types import Conference


class EarlyNotice(Base):
    """One child of one discussion, and what the letter said of the conference. One letter tells of
    all children of a discussion of whom it says the same."""

    __tablename__ = "early_notice"
    __table_args__ = (
        Index("ix_early_notice_meeting", "meeting_id", "id"),
        Index("ix_early_notice_child", "child_id", "id"),
        Index("ix_early_notice_message", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    said: Mapped[Conference] = mapped_column(values_of(Conference))
    # The reference that the letter bore: later ones about the child bear the same.
    reference: Mapped[str]
    email: Mapped[str] = mapped_column(EncryptedText)
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
    at: Mapped[datetime]
