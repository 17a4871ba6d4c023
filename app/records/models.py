"""Signed records. Versions and copies refuse UPDATE and DELETE by trigger (F2, F3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText, only_where, values_of
from app.records.types import Stage


class RecordKey(Base):
    """The key of one signed version and its copies, itself readable only with FIELD_KEYS.

    The signed rows can never be rewritten, so they are not encrypted with FIELD_KEYS directly:
    rotation rewraps this key, and retention destroys it.
    """

    __tablename__ = "record_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(EncryptedText)


class RecordVersion(Base):
    """What the chair signed: the canonical content, its hash and the signature over it."""

    __tablename__ = "record_version"
    __table_args__ = (
        UniqueConstraint("meeting_id", "number", name="uq_record_version_number"),
        Index("ix_record_version_sha256", "sha256"),
        CheckConstraint(
            "number = 1 OR correction_reason IS NOT NULL", name="correction_has_a_reason"
        ),
        CheckConstraint(
            "(signed_for IS NULL) = (absence_reason IS NULL)", name="absence_has_a_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    number: Mapped[int]
    key_id: Mapped[int] = mapped_column(ForeignKey("record_key.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary)  # encrypted with the record key
    sha256: Mapped[str]  # of the canonical content
    statement: Mapped[str]  # the sentence that was signed
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    signed_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    signed_at: Mapped[datetime]
    # Another authorised manager signs for an absent chair, recorded so (F1).
    signed_for: Mapped[str | None]
    # Both reasons may name people, so they are encrypted with the record key, as the content is.
    absence_reason: Mapped[str | None]
    correction_reason: Mapped[str | None]


class RecordCorrection(Base):
    """A signed record that is being corrected: why, and which version it becomes (F2).

    While one is open the discussion can be written in again; the signed versions stay as they are.
    """

    __tablename__ = "record_correction"
    __table_args__ = (
        Index(
            "uq_record_correction_open",
            "meeting_id",
            unique=True,
            **only_where("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    number: Mapped[int]
    reason: Mapped[str] = mapped_column(EncryptedText)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]  # signed as a new version, or given up


class RecordCopy(Base):
    """One reader's sealed PDF, as bytes, with its hash: verification knows every copy issued."""

    __tablename__ = "record_copy"
    __table_args__ = (
        UniqueConstraint("version_id", "invitee_id", name="uq_record_copy_reader"),
        # Two empty values are never equal to a unique constraint.
        Index(
            "uq_record_copy_council",
            "version_id",
            unique=True,
            **only_where("invitee_id IS NULL"),
        ),
        Index("ix_record_copy_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"))
    # Empty for the council's own full copy.
    invitee_id: Mapped[int | None] = mapped_column(ForeignKey("invitee.id"))
    pdf: Mapped[bytes] = mapped_column(LargeBinary)  # encrypted with the record key
    sha256: Mapped[str]  # of the sealed PDF
    made_at: Mapped[datetime]


class Circulation(Base):
    """The ledger: who gets which version, who checked, and what became of it (F5)."""

    __tablename__ = "circulation"
    __table_args__ = (
        UniqueConstraint("version_id", "invitee_id", name="uq_circulation_reader"),
        Index("ix_circulation_invitee", "invitee_id"),
        Index(
            "ix_circulation_to_send",
            "id",
            **only_where("sent_at IS NULL AND withheld_reason IS NULL"),
        ),
        CheckConstraint("withheld_reason IS NULL OR sent_at IS NULL", name="withheld_is_not_sent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"))
    invitee_id: Mapped[int] = mapped_column(ForeignKey("invitee.id"))
    checked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    released_at: Mapped[datetime]
    withheld_reason: Mapped[str | None] = mapped_column(EncryptedText)
    # The chair let it go after all. What was withheld rightly makes no record late.
    after_all_at: Mapped[datetime | None]
    # The copy goes with the letter: the address is on the council's secure list.
    attached: Mapped[bool] = mapped_column(default=False, server_default=false())
    sent_at: Mapped[datetime | None]  # the message was queued by the worker
    # The newest message that told this reader; what became of it stands in the outbox.
    message_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    opened_at: Mapped[datetime | None]
    downloaded_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    reminded_at: Mapped[datetime | None]


class RecordWarning(Base):
    """Somebody was told that a record is due soon, or late: each once for a deadline (F5)."""

    __tablename__ = "record_warning"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    stage: Mapped[Stage] = mapped_column(values_of(Stage), primary_key=True)
    at: Mapped[datetime]
    # When the record was due as it was told: the end of a discussion may be put right since.
    due_at: Mapped[datetime | None]


class RecordFault(Base):
    """A copy that could not be made: shown to people until it is made after all (H4)."""

    __tablename__ = "record_fault"
    __table_args__ = (Index("ix_record_fault_version", "version_id", "invitee_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("record_version.id"))
    # Empty for the council's own full copy.
    invitee_id: Mapped[int | None] = mapped_column(ForeignKey("invitee.id"))
    since: Mapped[datetime]
