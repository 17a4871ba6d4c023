"""Monthly samples for case audit, and what reviewers found (G6)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.referrals.types import Outcome
from app.reports.quality.sample.types import Grade


class AuditSample(Base):
    """One month's draw: `seed` and `sha256` of the references let anybody draw it again."""

    __tablename__ = "audit_sample"
    __table_args__ = (UniqueConstraint("month", name="uq_audit_sample_month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date]  # its first day
    seed: Mapped[str]
    population: Mapped[int]
    sha256: Mapped[str]
    drawn_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    drawn_at: Mapped[datetime]


class AuditedCase(Base):
    """A case of a sample. `answers` holds the keys of questions and answers, no words."""

    __tablename__ = "audited_case"
    __table_args__ = (
        UniqueConstraint("sample_id", "position", name="uq_audited_case_position"),
        Index("ix_audited_case_referral", "referral_id"),
        Index(
            "ix_audited_case_open",
            "sample_id",
            **only_where("reviewed_at IS NULL"),
        ),
        CheckConstraint(
            "(reviewed_at IS NULL) = (findings IS NULL) AND "
            "(reviewed_at IS NULL) = (grade IS NULL) AND "
            "(reviewed_at IS NULL) = (reviewer_id IS NULL)",
            name="reviewed_as_a_whole",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("audit_sample.id"))
    position: Mapped[int]
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    outcome: Mapped[Outcome] = mapped_column(values_of(Outcome))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    grade: Mapped[Grade | None] = mapped_column(values_of(Grade))
    findings: Mapped[str | None] = mapped_column(EncryptedText)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reviewed_at: Mapped[datetime | None]
