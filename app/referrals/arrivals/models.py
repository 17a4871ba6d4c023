"""That a form closed as no referral was opened again (A12)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, values_of
from app.referrals.outcome.types import FilterReason


class ArrivalReopening(Base):
    """Why, by whom, and what held until then."""

    __tablename__ = "arrival_reopening"
    __table_args__ = (Index("ix_arrival_reopening_arrival", "arrival_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    arrival_id: Mapped[int] = mapped_column(ForeignKey("arrival.id"))
    reason: Mapped[str] = mapped_column(EncryptedText)
    reopened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reopened_at: Mapped[datetime]
    was_filtered: Mapped[FilterReason] = mapped_column(values_of(FilterReason))
    was_because: Mapped[str] = mapped_column(EncryptedText)
    was_closed_at: Mapped[datetime]
    was_closed_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
