"""Beside a decision: what it rested on, where it was referred on to, and its reopening."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, values_of
from app.referrals.outcome.types import FilterReason
from app.referrals.types import Concern, Outcome


class DecisionGround(Base):
    """The consent on which a decision rested, whether it was set aside, what comes first (A4, A7),
    and why something was no referral (A12)."""

    __tablename__ = "decision_ground"
    __table_args__ = (
        CheckConstraint(
            "NOT overrode OR consent_id IS NOT NULL", name="an_override_names_its_consent"
        ),
    )

    decision_id: Mapped[int] = mapped_column(ForeignKey("referral_decision.id"), primary_key=True)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("referral_consent.id"))
    overrode: Mapped[bool]
    filtered: Mapped[FilterReason | None] = mapped_column(values_of(FilterReason))
    unseen: Mapped[bool]
    under_three: Mapped[bool]
    home_educated: Mapped[bool]


class OnwardReferral(Base):
    """Something of a referral was referred on: to a panel, an officer, another agency (A9)."""

    __tablename__ = "onward_referral"
    __table_args__ = (
        Index("ix_onward_referral_referral", "referral_id", "id"),
        CheckConstraint("(agency_id IS NULL) <> (to_name IS NULL)", name="goes_to_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    about: Mapped[Concern] = mapped_column(values_of(Concern))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    to_name: Mapped[str | None]
    reference: Mapped[str | None] = mapped_column(EncryptedText)
    note: Mapped[str | None] = mapped_column(EncryptedText)
    referred_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]


class ReferralReopening(Base):
    """A decided referral was opened again: why, by whom, and what held until then."""

    __tablename__ = "referral_reopening"
    __table_args__ = (Index("ix_referral_reopening_referral", "referral_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    reason: Mapped[str] = mapped_column(EncryptedText)
    reopened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reopened_at: Mapped[datetime]
    was_outcome: Mapped[Outcome] = mapped_column(values_of(Outcome))
    was_decided_at: Mapped[datetime]
    was_due_at: Mapped[datetime]
