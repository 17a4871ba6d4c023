"""That an assessment under section 17 is complete (F8; BROMLEY 3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class AssessmentCompleted(Base):
    """One note of when it was complete. The newest since the referral was last opened again holds:
    a date noted by mistake is noted anew, and the first stays.

    With a `reason` nobody knows when: it was complete before this installation counted, and
    `completed_at` is when that was noted."""

    __tablename__ = "assessment_completed"
    __table_args__ = (Index("ix_assessment_completed_referral", "referral_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    completed_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(EncryptedText)
