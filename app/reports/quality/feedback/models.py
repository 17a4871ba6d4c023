"""Who was asked, and what was answered; nothing leads from one to the other (G6)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, values_of
from app.reports.quality.feedback.types import View


class FeedbackRound(Base):
    """The people of this discussion were asked, or there was nobody to ask. Once."""

    __tablename__ = "feedback_round"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    asked_at: Mapped[datetime]


class FeedbackLink(Base):
    """A link that was sent, kept as its hash. Deleted as it is used, so that no row says who
    answered."""

    __tablename__ = "feedback_link"
    __table_args__ = (Index("ix_feedback_link_closes", "closes_at"),)

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    closes_at: Mapped[datetime]


class FeedbackAnswer(Base):
    """One answer: of which quarter and to whom as chair, and no more."""

    __tablename__ = "feedback_answer"
    __table_args__ = (Index("ix_feedback_answer_quarter", "quarter", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quarter: Mapped[date]  # its first day
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    prepared: Mapped[View] = mapped_column(values_of(View, "prepared"))
    heard: Mapped[View] = mapped_column(values_of(View, "heard"))
    words: Mapped[str | None] = mapped_column(EncryptedText)
