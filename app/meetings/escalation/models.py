"""Where each disagreement stands on the ladder, and what was said on the way (E4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.meetings.escalation.types import Ending


class Escalation(Base):
    """One disagreement on its way. `ladder` keeps the protocol's steps as they were (B1)."""

    __tablename__ = "escalation"
    __table_args__ = (
        UniqueConstraint("dissent_id", name="uq_escalation_dissent"),
        Index("ix_escalation_meeting", "meeting_id", "id"),
        Index(
            "ix_escalation_open",
            "due_at",
            "id",
            **only_where("ended_at IS NULL"),
        ),
        CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="ended_somehow"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dissent_id: Mapped[int] = mapped_column(ForeignKey("dissent.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    ladder: Mapped[dict[str, Any]] = mapped_column(JSON)
    step: Mapped[int]  # from 0, the lowest
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]  # of the step it stands at
    # The step whose lateness people were told of, so that none is told twice.
    warned_step: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ending: Mapped[Ending | None] = mapped_column(values_of(Ending))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class EscalationNote(Base):
    """What came of one step, in the words of whoever recorded it. `due_at` is that step's clock."""

    __tablename__ = "escalation_note"
    __table_args__ = (UniqueConstraint("escalation_id", "step", name="uq_escalation_note_step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    step: Mapped[int]
    words: Mapped[str] = mapped_column(EncryptedText)
    due_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
