"""Calls that were made about a discussion: to an invitee, or about a form that was sent (C5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, values_of
from app.meetings.calls.types import Outcome


class Call(Base):
    """One call. Nothing of it is changed later; a further call is a further row."""

    __tablename__ = "call"
    __table_args__ = (
        Index("ix_call_meeting", "meeting_id", "id"),
        CheckConstraint("(invitee_id IS NULL) <> (form_id IS NULL)", name="about_one_thing"),
        CheckConstraint("again_at > at", name="again_later"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    invitee_id: Mapped[int | None] = mapped_column(ForeignKey("invitee.id"))
    form_id: Mapped[int | None] = mapped_column(ForeignKey("sent_form.id"))
    outcome: Mapped[Outcome] = mapped_column(values_of(Outcome))
    said: Mapped[str | None] = mapped_column(EncryptedText)
    at: Mapped[datetime]
    # When to try again; none once somebody was spoken to.
    again_at: Mapped[datetime | None]
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
