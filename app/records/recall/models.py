"""Which versions were taken back, and whom no letter tells so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where


class RecordRecall(Base):
    """A version that nobody may read any more by their link, and why (F5)."""

    __tablename__ = "record_recall"

    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(EncryptedText)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    # No corrected version follows, and why: the record is settled as it stands (F8).
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_reason: Mapped[str | None] = mapped_column(EncryptedText)


class RecallCall(Base):
    """Somebody whom no letter tells that a version was taken back: they are telephoned (F5)."""

    __tablename__ = "recall_call"
    __table_args__ = (
        Index("ix_recall_call_untold", "version_id", **only_where("told_at IS NULL")),
        CheckConstraint("(told_at IS NULL) = (by_id IS NULL)", name="told_by_somebody"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"), primary_key=True)
    invitee_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"), primary_key=True)
    # Why no letter goes to them, as it was when the version was taken back.
    why: Mapped[str] = mapped_column(EncryptedText)
    told_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    said: Mapped[str | None] = mapped_column(EncryptedText)
