"""That a referral was filed under a child's reference in the council's case system (A2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class ReferralFiling(Base):
    """One tick. It keeps the reference as it was, and stays with the child it was filed for: where
    a child leaves the referral, it says what has to be taken out over there. Where another record
    proves to be the same child, it goes there with the referral."""

    __tablename__ = "referral_filing"
    __table_args__ = (UniqueConstraint("referral_id", "child_id", name="uq_referral_filing_child"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))
    reference: Mapped[str] = mapped_column(EncryptedText)
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    filed_at: Mapped[datetime]
