"""Forms that were sent, each with the PDF as it went out (C5, C6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedBytes, EncryptedText, only_where, values_of
from app.meetings.papers.types import FormState
from app.protocols.types import FormKind


class SentForm(Base):
    """One sending of a form. A chase repeats its mail; a changed form is a further row."""

    __tablename__ = "sent_form"
    __table_args__ = (
        UniqueConstraint("meeting_id", "kind", "number", name="uq_sent_form_number"),
        UniqueConstraint("invitation_id", name="uq_sent_form_invitation"),
        Index(
            "ix_sent_form_unanswered",
            "chase_at",
            "id",
            **only_where("state = 'sent'"),
        ),
        Index("ix_sent_form_message", "message_id"),
        CheckConstraint(
            "(state IN ('acknowledged', 'refused')) = (settled_at IS NOT NULL)",
            name="settled_has_a_moment",
        ),
        CheckConstraint("state <> 'refused' OR reply IS NOT NULL", name="refused_has_reasons"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    kind: Mapped[FormKind] = mapped_column(values_of(FormKind))
    number: Mapped[int]
    name: Mapped[str]  # as the protocol named it then
    pdf: Mapped[bytes] = mapped_column(EncryptedBytes)
    sha256: Mapped[str]
    email: Mapped[str] = mapped_column(EncryptedText)
    # As an attachment, to the secure list alone; else the invitation's link and a code lead to it.
    attached: Mapped[bool]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"))
    # The mail that carried it, the last one where it was chased.
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
    sent_at: Mapped[datetime]
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[FormState] = mapped_column(values_of(FormState))
    chase_at: Mapped[datetime | None]
    chases: Mapped[int]
    settled_at: Mapped[datetime | None]
    # Who acknowledged it, or why it was refused, in the words of whoever said so; while nobody did,
    # which button was pressed at its link without a code.
    reply: Mapped[str | None] = mapped_column(EncryptedText)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}
