"""A disagreement over a rating and how it was settled (A5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.referrals.types import Rating


class RatingDispute(Base):
    """Somebody would rate otherwise. `step` counts the protocol's steps from 0; what each step
    said stands in `RatingDisputeStep`. The last rating of the referral holds meanwhile."""

    __tablename__ = "rating_dispute"
    __table_args__ = (
        Index("ix_rating_dispute_referral", "referral_id", "id"),
        Index(
            "uq_rating_dispute_open",
            "referral_id",
            unique=True,
            **only_where("settled_at IS NULL"),
        ),
        CheckConstraint("step >= 0", name="steps_count_up"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    rating_id: Mapped[int] = mapped_column(ForeignKey("referral_rating.id"))
    by_whom: Mapped[str] = mapped_column(EncryptedText)
    wanted: Mapped[Rating] = mapped_column(values_of(Rating))
    reason: Mapped[str] = mapped_column(EncryptedText)
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    raised_at: Mapped[datetime]
    step: Mapped[int]
    settled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class RatingDisputeStep(Base):
    """What one step of the protocol's order said, and whether that settled it."""

    __tablename__ = "rating_dispute_step"
    __table_args__ = (Index("ix_rating_dispute_step_dispute", "dispute_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey("rating_dispute.id"))
    step: Mapped[int]
    who: Mapped[str]  # the protocol's words of that day
    rating: Mapped[Rating] = mapped_column(values_of(Rating))
    reason: Mapped[str] = mapped_column(EncryptedText)
    settled: Mapped[bool]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
