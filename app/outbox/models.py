"""The outbox: every outgoing mail is a row, committed with the change that caused it (H4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedBytes, EncryptedText, only_where, values_of
from app.outbox.types import MessageState


class OutboxMessage(Base):
    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("message_id", name="uq_outbox_message_message_id"),
        Index(
            "ix_outbox_message_due",
            "next_try_at",
            "id",
            **only_where("state IN ('queued', 'sending')"),
        ),
        Index(
            "ix_outbox_message_failed",
            "id",
            **only_where("state IN ('refused', 'dead', 'bounced') AND seen_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    kind: Mapped[str]
    recipient: Mapped[str] = mapped_column(EncryptedText)
    subject: Mapped[str]
    # Emptied once the message is sent: it holds a link and a PIN.
    content: Mapped[bytes | None] = mapped_column(EncryptedBytes)
    state: Mapped[MessageState] = mapped_column(values_of(MessageState))
    tries: Mapped[int]
    queued_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    # Withdrawn while a worker held it: sent once at most, and never tried again.
    overtaken: Mapped[bool] = mapped_column(default=False, server_default=false())
    # From then on nobody is served by it: a reminder of a meeting that has begun.
    useless_from: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # What the mail server said, without addresses.
    problem: Mapped[str | None]
    seen_at: Mapped[datetime | None]  # a person took note of the failure


class OutboxHold(Base):
    """While its one row is there, no mail leaves: this database was restored from a backup, and
    what waits in it may have been sent since the backup was made (H4)."""

    __tablename__ = "outbox_hold"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]
