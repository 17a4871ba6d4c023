"""One request to one agency, and its answers (A6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.protocols.types import Force
from app.referrals.checks.types import AnswerVia, Held

_OPEN = "answered_at IS NULL AND withdrawn_at IS NULL"


class AgencyCheck(Base):
    """A request for information. Shared only with the agency asked; `invitation_id` is the link
    by which it was sent, empty where somebody without an address was telephoned."""

    __tablename__ = "agency_check"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_agency_check_ref"),
        UniqueConstraint("invitation_id", name="uq_agency_check_invitation_id"),
        Index("ix_agency_check_referral", "referral_id", "id"),
        Index("ix_agency_check_message", "message_id"),
        Index(
            "ix_agency_check_open_due",
            "due_at",
            "id",
            **only_where(_OPEN),
        ),
        Index(
            "ix_agency_check_reminder",
            "next_reminder_at",
            "id",
            **only_where("next_reminder_at IS NOT NULL"),
        ),
        # Nobody is asked twice at once.
        Index(
            "uq_agency_check_open",
            "referral_id",
            "professional_id",
            unique=True,
            **only_where(_OPEN),
        ),
        CheckConstraint(
            "next_reminder_at IS NULL OR (answered_at IS NULL AND withdrawn_at IS NULL)",
            name="closed_is_not_chased",
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_with_a_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    professional_id: Mapped[int] = mapped_column(ForeignKey("professional.id"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"))
    # The mail that carried its link, the last one where it was chased (D7).
    message_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    question: Mapped[str] = mapped_column(EncryptedText)
    # What the agency is told that it is about, as it was when it was asked: what came later, it
    # reads only where somebody sends the request again for that.
    concerns: Mapped[list[str]] = mapped_column(JSON)
    # Told to the agency beside the children, as it was when it was asked: one adult a line.
    shared_adults: Mapped[str | None] = mapped_column(EncryptedText)
    shared_address: Mapped[str | None] = mapped_column(EncryptedText)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    due_rule: Mapped[str]
    due_force: Mapped[Force] = mapped_column(values_of(Force))  # limit, target or plan (B1)
    due_source: Mapped[str]
    opened_at: Mapped[datetime | None]  # from then on it is shared
    answered_at: Mapped[datetime | None]
    next_reminder_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    reminders: Mapped[int]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # Why it is still wanted although the referral is decided.
    wanted_because: Mapped[str | None] = mapped_column(EncryptedText)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class AgencyCheckChild(Base):
    """A child about whom an agency was asked."""

    __tablename__ = "agency_check_child"
    __table_args__ = (Index("ix_agency_check_child_child", "child_id", "check_id"),)

    check_id: Mapped[int] = mapped_column(ForeignKey("agency_check.id"), primary_key=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"), primary_key=True)


class CheckAnswer(Base):
    """What an agency said it holds. The last one holds; earlier ones stay."""

    __tablename__ = "check_answer"
    __table_args__ = (
        Index("ix_check_answer_check", "check_id", "id"),
        Index(
            "ix_check_answer_unread",
            "check_id",
            **only_where("unread"),
        ),
        CheckConstraint("held = 'nothing' OR words IS NOT NULL", name="what_is_held_is_told"),
        CheckConstraint("(via = 'link') = (recorded_by_id IS NULL)", name="staff_write_the_others"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("agency_check.id"))
    held: Mapped[Held] = mapped_column(values_of(Held))
    words: Mapped[str | None] = mapped_column(EncryptedText)
    by_name: Mapped[str | None] = mapped_column(EncryptedText)
    by_role: Mapped[str | None] = mapped_column(EncryptedText)
    via: Mapped[AnswerVia] = mapped_column(values_of(AnswerVia))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    # Came when the referral was decided already, and nobody said that they read it.
    unread: Mapped[bool]
    at: Mapped[datetime]
