"""Mail that came in (D6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedBytes, EncryptedText, only_where, values_of
from app.invitations.replies.types import MailKind
from app.meetings.received.types import Outcome, Why
from app.meetings.types import Answer

_WAITS = "outcome = 'look' AND closed_at IS NULL"
_KEPT = "sender IS NOT NULL"


class ReceivedMail(Base):
    """One mail that came in, what it is and what became of it. `digest` is that of its Message-ID
    and sender, so that nothing is taken in twice."""

    __tablename__ = "received_mail"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_received_mail_ref"),
        UniqueConstraint("digest", name="uq_received_mail_digest"),
        Index("ix_received_mail_waits", "id", **only_where(_WAITS)),
        Index("ix_received_mail_kept", "received_at", "id", **only_where(_KEPT)),
        Index("ix_received_mail_invitee", "invitee_id", "id"),
        Index("ix_received_mail_meeting", "meeting_id", "id"),
        Index("ix_received_mail_referral", "referral_id", "id"),
        CheckConstraint("outcome <> 'look' OR why IS NOT NULL", name="look_has_a_reason"),
        CheckConstraint("closed_at IS NULL OR outcome = 'look'", name="closed_after_a_look"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str]
    digest: Mapped[str]
    received_at: Mapped[datetime]
    kind: Mapped[MailKind] = mapped_column(values_of(MailKind))
    outcome: Mapped[Outcome] = mapped_column(values_of(Outcome))
    why: Mapped[Why | None] = mapped_column(values_of(Why))
    # Whose it is, as far as that could be found; a guess until a person has looked.
    invitee_id: Mapped[int | None] = mapped_column(ForeignKey("invitee.id"))
    # The case it belongs to, by what it answers or names, else empty: a discussion, or else a
    # referral. Whoever may not see that case may not read it (H2).
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    answer: Mapped[Answer | None] = mapped_column(values_of(Answer))
    sequence: Mapped[int | None]
    proposed_start: Mapped[datetime | None]
    proposed_end: Mapped[datetime | None]
    # Emptied with the original when it has been kept long enough.
    sender: Mapped[str | None] = mapped_column(EncryptedText)
    subject: Mapped[str | None] = mapped_column(EncryptedText)
    words: Mapped[str | None] = mapped_column(EncryptedText)
    original: Mapped[bytes | None] = mapped_column(EncryptedBytes)
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closing: Mapped[str | None] = mapped_column(EncryptedText)  # what was done
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class MailboxReading(Base):
    """How reading a mailbox went: when it was tried last, when it could be read last, and since
    when and why it cannot. Nothing of what lies in it."""

    __tablename__ = "mailbox_reading"
    __table_args__ = (
        CheckConstraint("(failing_since IS NULL) = (problem IS NULL)", name="a_failure_says_why"),
    )

    mailbox: Mapped[str] = mapped_column(primary_key=True)  # digest of user, host and folder
    tried_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    problem: Mapped[str | None]


class MailboxPosition(Base):
    """How far a mailbox has been read. It is only read: people go on using it as ever."""

    __tablename__ = "mailbox_position"

    mailbox: Mapped[str] = mapped_column(primary_key=True)  # digest of user, host and folder
    # Both are numbers of 32 bits without a sign.
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime]
