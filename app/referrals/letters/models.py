"""A letter that was sent, as it was sent (A10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, values_of
from app.referrals.letters.types import LetterTo


class ReferralLetter(Base):
    """The words stand as they were sent; the email led to them by link and code."""

    __tablename__ = "referral_letter"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_referral_letter_ref"),
        UniqueConstraint("invitation_id", name="uq_referral_letter_invitation_id"),
        Index("ix_referral_letter_referral", "referral_id", "id"),
        Index("ix_referral_letter_message", "message_id"),
        Index("ix_referral_letter_arrival", "arrival_id", "id"),
        CheckConstraint(
            "(referral_id IS NULL) <> (arrival_id IS NULL) AND "
            "(referral_id IS NULL) = (decision_id IS NULL)",
            name="about_one_thing",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("referral_decision.id"))
    # What it is about where it never became a referral (A12).
    arrival_id: Mapped[int | None] = mapped_column(ForeignKey("arrival.id"))
    to: Mapped[LetterTo] = mapped_column("letter_to", values_of(LetterTo))
    child_id: Mapped[int | None] = mapped_column(ForeignKey("child.id"))
    name: Mapped[str] = mapped_column(EncryptedText)
    content: Mapped[str] = mapped_column(EncryptedText)  # JSON of LetterText
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"))
    # The mail that carried its link (D7).
    message_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    sent_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
