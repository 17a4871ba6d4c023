"""What follows for each child after a discussion (F8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome, Step

_WAITS = "next_step IS NOT NULL"
_TOLD = "notice_due_at IS NOT NULL"


class ChildAfter(Base):
    """One child of one discussion that has ended: what was decided, what was done since.

    `clocks` keeps the protocol, facts and reasons its limits came from (B1). `next_step` and
    `next_due_at` are what comes first of all that is still open, for the lists.
    """

    __tablename__ = "child_after"
    __table_args__ = (
        UniqueConstraint("meeting_id", "child_id", name="uq_child_after_child"),
        Index(
            "ix_child_after_next",
            "next_step",
            "next_due_at",
            "id",
            **only_where(_WAITS),
        ),
        Index("ix_child_after_child", "child_id", "id"),
        Index(
            "ix_child_after_notice",
            "notice_due_at",
            "id",
            **only_where(_TOLD),
        ),
        Index("ix_child_after_section47", "section47_started_at", "id"),  # returns, by year
        CheckConstraint("(next_step IS NULL) = (next_due_at IS NULL)", name="next_has_a_date"),
        CheckConstraint(
            "(enquiry_outcome IS NULL) = (enquiry_ended_at IS NULL)", name="outcome_has_a_date"
        ),
        CheckConstraint(
            "icpc_held_at IS NULL OR conference = 'required'", name="held_was_required"
        ),
        CheckConstraint(
            "conference <> 'not_needed' OR conference_reason IS NOT NULL",
            name="not_needed_has_a_reason",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("child.id"))

    enquiry_runs: Mapped[bool]
    section47_started_at: Mapped[datetime | None]
    # When it began, as somebody noted it: no discussion that is known here started it.
    enquiry_began_at: Mapped[datetime | None]
    enquiry_outcome: Mapped[EnquiryOutcome | None] = mapped_column(values_of(EnquiryOutcome))
    enquiry_ended_at: Mapped[datetime | None]
    enquiry_reason: Mapped[str | None] = mapped_column(EncryptedText)

    conference: Mapped[Conference | None] = mapped_column(values_of(Conference))
    # Set when it was decided anew after the discussion, whose answer then no longer counts.
    conference_decided_later: Mapped[bool]
    conference_decided_at: Mapped[datetime | None]  # then
    conference_reason: Mapped[str | None] = mapped_column(EncryptedText)
    icpc_decided_at: Mapped[datetime | None]
    quality_told_at: Mapped[datetime | None]
    icpc_referred_at: Mapped[datetime | None]
    icpc_booked_for: Mapped[datetime | None]
    icpc_late_reason: Mapped[str | None] = mapped_column(EncryptedText)
    icpc_held_at: Mapped[datetime | None]
    icpc_outcome: Mapped[ConferenceOutcome | None] = mapped_column(values_of(ConferenceOutcome))

    assessment_runs: Mapped[bool]
    assessment_days: Mapped[int | None]
    assessment_completed_at: Mapped[datetime | None]
    review_at: Mapped[datetime | None]
    review_held_at: Mapped[datetime | None]

    # Whether its steps are followed here: of one enquiry the last discussion about it carries them.
    carries: Mapped[bool] = mapped_column(default=True, server_default=true())
    # The columns that say what another discussion about the same enquiry said or noted. They are
    # worked out anew when one of them changes, or proves to be about another child.
    from_others: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=text("'[]'"))

    clocks: Mapped[dict[str, Any]] = mapped_column(JSON)
    icpc_referral_due_at: Mapped[datetime | None]
    icpc_due_at: Mapped[datetime | None]
    assessment_due_at: Mapped[datetime | None]
    next_step: Mapped[Step | None] = mapped_column(values_of(Step))
    next_due_at: Mapped[datetime | None]
    # When the quality service is told by mail what has changed for it; empty where nothing has.
    notice_due_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}
