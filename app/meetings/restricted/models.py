"""Cases that only named people may see, and who opened one all the same (H2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where

_STANDS = "lifted_at IS NULL"


class CaseRestriction(Base):
    """A referral with all its discussions, or the discussion of an open case."""

    __tablename__ = "case_restriction"
    __table_args__ = (
        CheckConstraint(
            "(referral_id IS NULL) <> (meeting_id IS NULL)", name="a_referral_or_a_meeting"
        ),
        CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)", name="lifted_with_a_reason"
        ),
        Index(
            "uq_case_restriction_referral", "referral_id", unique=True,
            **only_where(_STANDS),
        ),
        Index(
            "uq_case_restriction_meeting", "meeting_id", unique=True,
            **only_where(_STANDS),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    reason: Mapped[str] = mapped_column(EncryptedText)
    set_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    set_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None] = mapped_column(EncryptedText)


class RestrictionReader(Base):
    """Somebody who may see a restricted case."""

    __tablename__ = "restriction_reader"
    __table_args__ = (
        UniqueConstraint("restriction_id", "staff_id", name="uq_restriction_reader_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    restriction_id: Mapped[int] = mapped_column(ForeignKey("case_restriction.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))


class BrokenGlass(Base):
    """Somebody opened a case that is not theirs: for how long, why, and what whoever looked at it
    afterwards said. It is a restriction that was passed, or, for who sees no case at all, a
    referral with all its discussions or the discussion of an open case."""

    __tablename__ = "broken_glass"
    __table_args__ = (
        Index("ix_broken_glass_restriction", "restriction_id", "staff_id", "ends_at"),
        Index(
            "ix_broken_glass_waits", "id",
            **only_where("reviewed_at IS NULL"),
        ),
        CheckConstraint("reviewed_by_id <> staff_id", name="reviewed_by_another"),
        CheckConstraint(
            "CASE WHEN restriction_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN referral_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN meeting_id IS NULL THEN 0 ELSE 1 END = 1",
            name="a_restriction_or_a_case",
        ),
        CheckConstraint("(reviewed_at IS NULL) = (review IS NULL)", name="reviewed_with_words"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    restriction_id: Mapped[int | None] = mapped_column(ForeignKey("case_restriction.id"))
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    ref: Mapped[str]  # of the page that was opened
    reason: Mapped[str] = mapped_column(EncryptedText)
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    review: Mapped[str | None] = mapped_column(EncryptedText)
