"""Reading the forms that were sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, defer

from app.accounts.models import Staff
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.protocols.types import FormKind

# Without the PDF itself: a page that lists forms must not load them.
_OF_MEETING: Select[*tuple[Any, ...]] = (
    select(
        SentForm.id,
        SentForm.kind,
        SentForm.number,
        SentForm.name,
        SentForm.email,
        SentForm.attached,
        SentForm.state,
        SentForm.sent_at,
        SentForm.chase_at,
        SentForm.chases,
        SentForm.settled_at,
        SentForm.reply,
        Staff.name.label("by"),
        OutboxMessage.state.label("mail"),
        OutboxMessage.problem,
    )
    .join(Staff, Staff.id == SentForm.sent_by_id)
    .join(OutboxMessage, OutboxMessage.id == SentForm.message_id)
    .where(SentForm.meeting_id == bindparam("meeting_id"))
    .order_by(SentForm.id.desc())
)
_ONE = select(SentForm).where(
    SentForm.meeting_id == bindparam("meeting_id"),
    SentForm.kind == bindparam("kind", type_=SentForm.__table__.c.kind.type),
    SentForm.number == bindparam("number"),
)
_ALL = (
    select(SentForm)
    .where(SentForm.meeting_id == bindparam("meeting_id"))
    .order_by(SentForm.id)
    .options(defer(SentForm.pdf))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_BY_INVITATION = select(SentForm).where(SentForm.invitation_id == bindparam("invitation_id"))
_PRESSED = (
    _BY_INVITATION.options(defer(SentForm.pdf))
    .with_for_update()
    .execution_options(populate_existing=True)
)


class FormShown(NamedTuple):
    """One sending as pages show it."""

    id: int
    kind: FormKind
    number: int
    name: str
    email: str
    attached: bool
    state: FormState
    sent_at: datetime
    chase_at: datetime | None
    chases: int
    settled_at: datetime | None
    reply: str | None
    by: str
    mail: MessageState
    problem: str | None


def forms_of(session: Session, meeting_id: int) -> list[FormShown]:
    """The forms of a discussion without their content, the newest first."""
    rows = session.execute(_OF_MEETING, {"meeting_id": meeting_id})
    return [FormShown(*row) for row in rows]


def sent_form(session: Session, meeting_id: int, kind: FormKind, number: int) -> SentForm | None:
    """One form as it was sent, with its PDF."""
    values = {"meeting_id": meeting_id, "kind": kind, "number": number}
    return session.execute(_ONE, values).scalar_one_or_none()


def form_for_change(session: Session, meeting_id: int, kind: FormKind) -> SentForm | None:
    """The newest form of this kind, locked until the transaction ends."""
    return session.execute(
        select(SentForm)
        .where(SentForm.meeting_id == meeting_id, SentForm.kind == kind)
        .order_by(SentForm.number.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def forms_for_change(session: Session, meeting_id: int) -> list[SentForm]:
    """Every form of a discussion, locked until the transaction ends."""
    return list(session.execute(_ALL, {"meeting_id": meeting_id}).scalars())


def form_by_invitation(session: Session, invitation_id: int) -> SentForm | None:
    """The form that this invitation's link leads to."""
    return session.execute(_BY_INVITATION, {"invitation_id": invitation_id}).scalar_one_or_none()


def form_pressed(session: Session, invitation_id: int) -> SentForm | None:
    """The same without its PDF, locked until the transaction ends."""
    return session.execute(_PRESSED, {"invitation_id": invitation_id}).scalar_one_or_none()
