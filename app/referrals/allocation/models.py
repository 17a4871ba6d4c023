"""To which social worker a referral is allocated (HO2014 Merton)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where

_WAITS = "taken_at IS NULL AND ended_at IS NULL"
_HOLDS = "ended_at IS NULL"


class ReferralAllocation(Base):
    """One social worker who has or had a referral. `taken_at`: they said that they have it;
    `ended_at`: somebody else was given it."""

    __tablename__ = "referral_allocation"
    __table_args__ = (
        Index("ix_referral_allocation_referral", "referral_id", "id"),
        # One social worker has it, whoever presses first.
        Index(
            "uq_referral_allocation_holds",
            "referral_id",
            unique=True,
            **only_where(_HOLDS),
        ),
        Index(
            "ix_referral_allocation_waits",
            "social_worker_id",
            "id",
            **only_where(_WAITS),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    social_worker_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str | None] = mapped_column(EncryptedText)
    allocated_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    allocated_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
