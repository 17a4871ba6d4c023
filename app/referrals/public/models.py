"""Referrals on their way in from outside, and the files that came with them (A1, D5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedBytes, EncryptedText, only_where, values_of
from app.referrals.outcome.types import FilterReason

_WAITING = "sent_at IS NOT NULL AND settled_at IS NULL"
_CLOSED = "filtered IS NOT NULL"


class Arrival(Base):
    """One public form, from its first answer until staff have taken it in. Sent, its answers
    never change again: it is the original that the referral was made from."""

    __tablename__ = "arrival"
    __table_args__ = (
        UniqueConstraint("ref", name="uq_arrival_ref"),
        UniqueConstraint("token_digest", name="uq_arrival_token_digest"),
        UniqueConstraint("invitation_id", name="uq_arrival_invitation_id"),
        Index(
            "ix_arrival_waiting",
            "decision_due_at",
            "id",
            **only_where(_WAITING),
        ),
        Index(
            "ix_arrival_unfinished",
            "changed_at",
            **only_where("sent_at IS NULL"),
        ),
        Index("ix_arrival_message", "message_id"),
        Index("ix_arrival_referral", "referral_id"),
        Index(
            "ix_arrival_closed",
            "settled_at",
            "id",
            **only_where(_CLOSED),
        ),
        Index(
            "ix_arrival_closed_sent",
            "sent_at",
            "id",
            **only_where(_CLOSED),
        ),
        Index("ix_arrival_network", "network_digest", "started_at"),
        Index("ix_arrival_address", "address_digest", "started_at"),
        CheckConstraint("(sent_at IS NULL) = (decision_due_at IS NULL)", name="sent_has_a_clock"),
        CheckConstraint(
            "settled_at IS NULL OR (sent_at IS NOT NULL AND "
            "(referral_id IS NULL) <> (closed_because IS NULL))",
            name="settled_one_way",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The reference of the referral to come: the referrer's receipt names it.
    ref: Mapped[str]
    answers: Mapped[str] = mapped_column(EncryptedText)
    # The browser that writes; another one comes in by link and code.
    token_digest: Mapped[str | None]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"))
    # The last mail to whoever writes it: the link back, then the receipt (D7).
    message_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    network_digest: Mapped[str | None]
    address_digest: Mapped[str]
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    children: Mapped[str | None] = mapped_column(EncryptedText)  # in short, for the desk's list
    source: Mapped[str | None] = mapped_column(EncryptedText)
    risk_now: Mapped[bool]
    decision_due_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    # Why it was no referral (A12); empty again once it was opened again.
    filtered: Mapped[FilterReason | None] = mapped_column(values_of(FilterReason))
    closed_because: Mapped[str | None] = mapped_column(EncryptedText)


class FormLetter(Base):
    """A link went to an address that nobody has proved to be theirs. Of no form: one that changes
    its address begins no count anew. Kept for a day."""

    __tablename__ = "form_letter"
    __table_args__ = (
        Index("ix_form_letter_address", "address_digest", "queued_at"),
        Index("ix_form_letter_queued", "queued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address_digest: Mapped[str]
    queued_at: Mapped[datetime]


class ArrivalFile(Base):
    """A file that the referrer sent, checked before it was kept."""

    __tablename__ = "arrival_file"
    __table_args__ = (Index("ix_arrival_file_arrival", "arrival_id", "size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    arrival_id: Mapped[int] = mapped_column(ForeignKey("arrival.id"))
    name: Mapped[str] = mapped_column(EncryptedText)
    media_type: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(EncryptedBytes)
    added_at: Mapped[datetime]
