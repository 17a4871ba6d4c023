"""Cases that are closed: until when they are kept, what holds them, when they went (H8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText

_WAITS = "deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class ClosedCase(Base):
    """The row outlives the case: what was deleted, when, by which rule and on whose word."""

    __tablename__ = "closed_case"
    __table_args__ = (
        UniqueConstraint("referral_id", name="uq_closed_case_referral"),
        UniqueConstraint("meeting_id", name="uq_closed_case_meeting"),
        Index("ix_closed_case_due", "keep_until", "id", **_where(_WAITS)),
        Index(
            "ix_closed_case_held",
            "held_at",
            "id",
            **_where("held_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_closed_case_approved",
            "approved_at",
            "id",
            **_where("approved_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        CheckConstraint(
            "(referral_id IS NULL) <> (meeting_id IS NULL)", name="a_referral_or_a_meeting"
        ),
        CheckConstraint("held_at IS NULL OR hold_reason IS NOT NULL", name="held_with_a_reason"),
        # The database itself keeps what is held, and what nobody looked at.
        CheckConstraint("deleted_at IS NULL OR held_at IS NULL", name="held_is_not_deleted"),
        CheckConstraint("deleted_at IS NULL OR approved_at IS NOT NULL", name="reviewed_first"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    ref: Mapped[str]
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # none: by itself
    keep_until: Mapped[datetime]
    # The rule as it was: id, reason, source, document, and until when it would have been kept.
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    longer_reason: Mapped[str | None] = mapped_column(EncryptedText)
    held_at: Mapped[datetime | None]
    held_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    hold_reason: Mapped[str | None] = mapped_column(EncryptedText)
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_reason: Mapped[str | None] = mapped_column(EncryptedText)
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}
