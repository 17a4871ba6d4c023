"""What is written while people talk: the fields of the chair's page, actions, who disagrees."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.meetings.types import ActionState


class Entry(Base):
    """One field of the chair's page, saved as it is typed (E1, E2).

    `scope` is `meeting`, `child:<id>` or `invitee:<id>`; `field` is a key of the questions in
    app.meetings.discussion. Each field has its own version, so two people may write at once.
    """

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("meeting_id", "scope", "field", name="uq_entry_field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    scope: Mapped[str]
    field: Mapped[str]
    value: Mapped[str] = mapped_column(EncryptedText)
    version: Mapped[int] = mapped_column()
    written_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[datetime]


class EntryHistory(Base):
    """What a field said before: no word that was saved is ever lost (E1)."""

    __tablename__ = "entry_history"
    __table_args__ = (Index("ix_entry_history_entry", "entry_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    version: Mapped[int] = mapped_column()
    value: Mapped[str] = mapped_column(EncryptedText)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[datetime]


class Action(Base):
    """What, who, by when, why (E3)."""

    __tablename__ = "action"
    __table_args__ = (
        Index("ix_action_meeting", "meeting_id", "id"),
        Index("ix_action_owner", "owner_id", "id"),
        Index("ix_action_open", "due_at", "id", **only_where("state = 'open'")),
        Index(
            "ix_action_untold",
            "added_at",
            "id",
            **only_where("told_at IS NULL AND removed_at IS NULL AND state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    child_id: Mapped[int | None] = mapped_column(ForeignKey("child.id"))
    what: Mapped[str] = mapped_column(EncryptedText)
    why: Mapped[str | None] = mapped_column(EncryptedText)
    # Why some readers of the record may not see what and why; "" for none (F4).
    protects: Mapped[str] = mapped_column(default="", server_default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    due_at: Mapped[datetime]
    state: Mapped[ActionState] = mapped_column(values_of(ActionState))
    progress: Mapped[str | None] = mapped_column(EncryptedText)
    closed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]  # struck out before the record was signed
    added_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    added_at: Mapped[datetime]
    # When its owner was told of it as it stands; empty until then.
    told_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class Dissent(Base):
    """Who disagrees, with what, why (E4)."""

    __tablename__ = "dissent"
    __table_args__ = (
        Index("ix_dissent_meeting", "meeting_id", "id"),
        CheckConstraint(
            "(struck_at IS NULL) = (struck_reason IS NULL)", name="struck_with_a_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    invitee_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    what: Mapped[str] = mapped_column(EncryptedText)
    why: Mapped[str | None] = mapped_column(EncryptedText)
    # Who said so behind a team's link; empty for anybody else.
    person_name: Mapped[str | None] = mapped_column(EncryptedText)
    person_role: Mapped[str | None] = mapped_column(EncryptedText)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    # Recorded by mistake: it stays with the case and is no part of the record.
    struck_at: Mapped[datetime | None]
    struck_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    struck_reason: Mapped[str | None] = mapped_column(EncryptedText)
