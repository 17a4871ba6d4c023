"""The near-miss log (G6; HO2014 Northamptonshire)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.reports.quality.near_misses.types import NearMissKind

_OPEN = "reviewed_at IS NULL"
_OF_A_CASE = "case_ref IS NOT NULL"


class NearMiss(Base):
    """Open until somebody reviewed it. A case is named by reference alone: its words go with the
    case, and the row stays and is counted (H8)."""

    __tablename__ = "near_miss"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_near_miss_ref"),
        Index("ix_near_miss_open", "reported_at", "id", **only_where(_OPEN)),
        Index("ix_near_miss_reported", "reported_at", "id"),
        Index("ix_near_miss_case", "case_ref", **only_where(_OF_A_CASE)),
        CheckConstraint(
            "(reviewed_at IS NULL) = (review IS NULL) AND "
            "(reviewed_at IS NULL) = (reviewed_by_id IS NULL)",
            name="reviewed_with_words",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    kind: Mapped[NearMissKind] = mapped_column(values_of(NearMissKind))
    happened_on: Mapped[date]
    what: Mapped[str] = mapped_column(EncryptedText)
    stopped: Mapped[str] = mapped_column(EncryptedText)
    changed: Mapped[str | None] = mapped_column(EncryptedText)
    case_ref: Mapped[str | None]
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reported_at: Mapped[datetime]
    review: Mapped[str | None] = mapped_column(EncryptedText)
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reviewed_at: Mapped[datetime | None]
    # When its words were deleted.
    erased_at: Mapped[datetime | None]
