"""Lists that partners go through together, and what came of each case on them (C10; IMAP 5)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.referrals.types import Outcome


class ListSitting(Base):
    """One list on one day. Keeps name and source of its series, so that a later edit of the
    protocol never rewrites history. Without a series it is the discussion of one case."""

    __tablename__ = "list_sitting"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_list_sitting_ref"),
        # One list for each series and day, whoever opens it first.
        UniqueConstraint("series_id", "day", name="uq_list_sitting_day"),
        Index("ix_list_sitting_day", "day", "id"),
        Index(
            "ix_list_sitting_open",
            "id",
            **only_where("ended_at IS NULL"),
        ),
        CheckConstraint(
            "ended_at IS NULL OR took_part IS NOT NULL", name="ended_with_who_took_part"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    series_id: Mapped[str | None]
    name: Mapped[str]
    source: Mapped[str | None]
    day: Mapped[date]
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    took_part: Mapped[str | None] = mapped_column(EncryptedText)
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class ListEntry(Base):
    """One case on a list: a domestic abuse case or a referral."""

    __tablename__ = "list_entry"
    __table_args__ = (
        UniqueConstraint("sitting_id", "number", name="uq_list_entry_number"),
        UniqueConstraint("sitting_id", "case_id", name="uq_list_entry_case"),
        UniqueConstraint("sitting_id", "referral_id", name="uq_list_entry_referral"),
        Index("ix_list_entry_case", "case_id", "id"),
        Index("ix_list_entry_referral", "referral_id", "id"),
        CheckConstraint("(case_id IS NULL) <> (referral_id IS NULL)", name="one_case"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_at IS NULL) AND (outcome IS NULL) = (reason IS NULL)",
            name="outcome_has_reason_and_moment",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("list_sitting.id"))
    number: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("abuse_case.id"))
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    # Stood on an earlier list and was not reached.
    carried: Mapped[bool]
    information: Mapped[str | None] = mapped_column(EncryptedText)
    outcome: Mapped[Outcome | None] = mapped_column(values_of(Outcome))
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}
