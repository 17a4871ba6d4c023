"""Cases that are closed: until when they are kept, what holds them, when they went (H8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.retention.types import CaseKind

_WAITS = "deleted_at IS NULL AND approved_at IS NULL AND held_at IS NULL"
_OF_ONE = " + ".join(
    f"CASE WHEN {one}_id IS NULL THEN 0 ELSE 1 END"
    for one in ("referral", "meeting", "abuse_case", "arrival")
)


class ClosedCase(Base):
    """The row outlives the case: what was deleted, when, by which rule and on whose word.

    `held_at` marks, for the lists and for the database, what a `LegalHold` covers.
    """

    __tablename__ = "closed_case"
    __table_args__ = (
        UniqueConstraint("referral_id", name="uq_closed_case_referral"),
        UniqueConstraint("meeting_id", name="uq_closed_case_meeting"),
        UniqueConstraint("abuse_case_id", name="uq_closed_case_abuse_case"),
        UniqueConstraint("arrival_id", name="uq_closed_case_arrival"),
        Index("ix_closed_case_ref", "ref"),
        Index("ix_closed_case_due", "keep_until", "id", **only_where(_WAITS)),
        Index(
            "ix_closed_case_approved",
            "approved_at",
            "id",
            **only_where("approved_at IS NOT NULL AND deleted_at IS NULL"),
        ),
        # A domestic abuse case and a form go for good, their number with them.
        CheckConstraint(
            f"{_OF_ONE} = 1 OR (deleted_at IS NOT NULL AND {_OF_ONE} = 0)", name="of_one_case"
        ),
        # The database itself keeps what is held, and what nobody looked at.
        CheckConstraint("deleted_at IS NULL OR held_at IS NULL", name="held_is_not_deleted"),
        CheckConstraint("deleted_at IS NULL OR approved_at IS NOT NULL", name="reviewed_first"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    abuse_case_id: Mapped[int | None] = mapped_column(ForeignKey("abuse_case.id"))
    arrival_id: Mapped[int | None] = mapped_column(ForeignKey("arrival.id"))
    ref: Mapped[str]
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # none: by itself
    keep_until: Mapped[datetime]
    # The rule as it was: id, reason, source, document, and until when it would have been kept.
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    longer_reason: Mapped[str | None] = mapped_column(EncryptedText)
    held_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_reason: Mapped[str | None] = mapped_column(EncryptedText)
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class LegalHold(Base):
    """Put on a case, open or closed; it keeps every case about one of its children too."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index("ix_legal_hold_case", "ref"),
        Index("ix_legal_hold_active", "held_at", "id", **only_where("lifted_at IS NULL")),
        CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL) AND "
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)",
            name="lifted_with_a_reason",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CaseKind] = mapped_column(values_of(CaseKind))
    ref: Mapped[str]
    reason: Mapped[str] = mapped_column(EncryptedText)
    held_at: Mapped[datetime]
    held_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    lift_reason: Mapped[str | None] = mapped_column(EncryptedText)


class HeldChild(Base):
    """A child whose cases a hold keeps."""

    __tablename__ = "held_child"
    __table_args__ = (Index("ix_held_child_child", "child_id", "hold_id"),)

    hold_id: Mapped[int] = mapped_column(ForeignKey("legal_hold.id"), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), primary_key=True)
