"""Whether every booking is whole or absent, looked up row by row and letter by letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email import message_from_bytes

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.crypto import token_digest
from app.core.database import Base
from app.directory.models import LinePin
from app.invitations.models import Invitation, InvitationLink
from app.meetings.models import Delivery, Invitee, LeftOut, LineQuarter, Meeting
from app.meetings.types import MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.web.models import FormOnce
from tests.faults.desk import INVITEES, Booking
from tests.smtp import Received

QUARTER = timedelta(minutes=15)
LETTERS = INVITEES + 1  # the chair's own


def half_bookings(session: Session, bookings: Sequence[Booking]) -> Iterator[str]:
    """Everything that stands there without the rest, in words; best nothing."""
    whole = 0
    for booking in bookings:
        meeting = session.execute(select(Meeting).where(Meeting.ref == booking.ref)).scalar_one()
        if meeting.state is MeetingState.BOOKED:
            whole += 1
            problems = _missing(session, meeting, booking)
        else:
            problems = _left_behind(session, meeting, booking)
        yield from (f"{booking.ref} ({meeting.state.value}): {problem}" for problem in problems)
    # And nothing lies about that belongs to no booking at all.
    for model, each in (
        (LineQuarter, 3), (Invitee, LETTERS), (Invitation, LETTERS), (InvitationLink, LETTERS),
        # Each is booked after its deadline, of which the manager gets a letter too.
        (Delivery, LETTERS), (OutboxMessage, LETTERS + 1), (FormOnce, 1),
    ):  # fmt: skip
        if (held := _count(session, model)) != whole * each:
            yield f"{held} rows of {model.__tablename__} for {whole} bookings"
    if (used := _count(session, LinePin, LinePin.used_at.is_not(None))) != whole:
        yield f"{used} PINs given out for {whole} bookings"


def _missing(session: Session, meeting: Meeting, booking: Booking) -> Iterator[str]:
    if meeting.starts_at != booking.starts_at or meeting.ends_at is None:
        yield f"its time is {meeting.starts_at}, not {booking.starts_at}"
        return
    quarters = session.execute(
        select(LineQuarter.line_id, LineQuarter.quarter).where(LineQuarter.meeting_id == meeting.id)
    ).all()
    wanted = {(meeting.line_id, meeting.starts_at + place * QUARTER) for place in range(3)}
    if set(quarters) != wanted or meeting.line_id is None:
        yield f"its quarters are {quarters}"
    pin = session.get(LinePin, meeting.pin_id) if meeting.pin_id else None
    if pin is None or pin.used_at is None or pin.line_id != meeting.line_id:
        yield "it has no PIN of its line"
    if len(meeting.invitees) != LETTERS or any(not one.invitation_id for one in meeting.invitees):
        yield f"{len(meeting.invitees)} are invited"
    sent = session.execute(
        select(Delivery.invitee_id, Delivery.kind, OutboxMessage.recipient)
        .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
        .join(Invitee, Invitee.id == Delivery.invitee_id)
        .where(Invitee.meeting_id == meeting.id)
    ).all()
    expected = {(one.id, MessageKind.INVITATION, one.email) for one in meeting.invitees}
    if len(sent) != LETTERS or set(sent) != expected:
        yield f"its letters are {sent}"
    written = session.execute(_BOOKED.where(AuditEntry.subject_ref == meeting.ref)).scalars().all()
    if [entry.details.get("letters") for entry in written] != [LETTERS]:
        yield f"the audit says {[entry.details for entry in written]}"
    form_is_spent = session.get(FormOnce, token_digest(booking.fields.get("nonce", "")))
    if booking.acknowledged and booking.fields and form_is_spent is None:
        yield "its form could act twice"


def _left_behind(session: Session, meeting: Meeting, booking: Booking) -> Iterator[str]:
    if booking.acknowledged:
        yield "it was acknowledged and is not booked"
    if meeting.state is not MeetingState.NEEDED:
        yield "it is neither booked nor waiting"
    held = [name for name in ("starts_at", "ends_at", "line_id", "pin_id", "late_reason")
            if getattr(meeting, name) is not None]  # fmt: skip
    if held:
        yield f"it has {held}"
    for model in (Invitee, LineQuarter, LeftOut):
        if count := _count(session, model, model.meeting_id == meeting.id):
            yield f"it has {count} rows of {model.__tablename__}"
    if session.execute(_BOOKED.where(AuditEntry.subject_ref == meeting.ref)).first():
        yield "the audit says that it was booked"


def lost_or_strange_mail(session: Session, received: Sequence[Received]) -> Iterator[str]:
    """What did not arrive, arrived without a booking, or came again as something else."""
    arrived = by_message_id(received)
    rows = {row.message_id: row for row in session.execute(select(OutboxMessage)).scalars()}
    uids = _uids(session)
    for message_id, row in rows.items():
        if row.state is not MessageState.SENT or row.content is not None:
            yield f"message {row.id} is {row.state.value}, content kept: {row.content is not None}"
        for one in arrived.get(message_id, [])[:1]:
            if one.recipients != [row.recipient]:
                yield f"message {row.id} went to {one.recipients}"
            # The manager's notice belongs to no invitation and holds no entry.
            if row.id in uids and f"UID:{uids[row.id]}\r\n".encode() not in _entry(one):
                yield f"message {row.id} holds the entry of another invitation"
    if missing := rows.keys() - arrived.keys():
        yield f"{len(missing)} messages never arrived"
    if strange := arrived.keys() - rows.keys():
        yield f"{len(strange)} messages arrived of bookings that do not exist"
    for message_id, several in arrived.items():
        if len({(tuple(one.recipients), one.content) for one in several}) > 1:
            yield f"{message_id} came again with another content"


def by_message_id(received: Sequence[Received]) -> dict[str, list[Received]]:
    arrived: dict[str, list[Received]] = defaultdict(list)
    for one in received:
        arrived[message_from_bytes(one.content)["Message-ID"]].append(one)
    return arrived


def _entry(received: Received) -> bytes:
    for part in message_from_bytes(received.content).walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content
    return b""


_BOOKED = select(AuditEntry).where(AuditEntry.action == "discussion booked")


def _uids(session: Session) -> dict[int, str]:
    """The UID of the invitation that each message belongs to."""
    found = session.execute(
        select(Delivery.message_id, Invitation.uid)
        .join(Invitee, Invitee.id == Delivery.invitee_id)
        .join(Invitation, Invitation.id == Invitee.invitation_id)
    )
    return {row.message_id: row.uid for row in found}


def _count(session: Session, model: type[Base], *conditions: object) -> int:
    return session.execute(
        select(func.count()).select_from(model).where(*conditions)  # type: ignore[arg-type]
    ).scalar_one()
