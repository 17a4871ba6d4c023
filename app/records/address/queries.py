"""What went to one reader: the lines of the ledger, and the letters that led to a copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.invitations.types import LetterKind
from app.meetings.models import Delivery
from app.meetings.types import MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.rules import may_have_arrived
from app.outbox.types import MessageState
from app.records.models import Circulation, RecordVersion
from app.records.queries import VersionShown

_LINES = (
    select(Circulation)
    .join(RecordVersion, RecordVersion.id == Circulation.version_id)
    .where(Circulation.invitee_id == bindparam("invitee_id"))
    .order_by(RecordVersion.number)
)
_LOCKED = _LINES.with_for_update(of=Circulation).execution_options(populate_existing=True)
# One that nobody tried to send went nowhere: it was taken back, or will be.
_LETTERS = (
    select(
        Delivery.message_id,
        Delivery.at,
        OutboxMessage.state,
        OutboxMessage.tries,
        OutboxMessage.kind,
    )
    .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
    .where(
        Delivery.invitee_id == bindparam("invitee_id"),
        Delivery.kind == MessageKind.RECORD,
        OutboxMessage.state.not_in((MessageState.QUEUED, MessageState.WITHDRAWN))
        | (OutboxMessage.tries > 0),
    )
    .order_by(Delivery.id)
)
_EVERY_LETTER = select(Delivery.message_id).where(Delivery.invitee_id == bindparam("invitee_id"))


class Letter(NamedTuple):
    """A letter about the record that was tried."""

    message_id: int
    at: datetime  # when it was queued
    arrived: bool  # somebody may have read it
    recalls: bool  # it led to no copy: it asked to delete it


def lines_of(session: Session, invitee_id: int) -> list[Circulation]:
    """The reader's lines of the ledger, that of the oldest version first."""
    return list(session.execute(_LINES, {"invitee_id": invitee_id}).scalars())


def lines_to_change(session: Session, invitee_id: int) -> list[Circulation]:
    """The same, read anew and locked until the transaction ends."""
    return list(session.execute(_LOCKED, {"invitee_id": invitee_id}).scalars())


def letters_to(session: Session, invitee_id: int) -> list[Letter]:
    """The letters about the record that went to this reader, the oldest first."""
    return [
        Letter(
            row.message_id,
            row.at,
            may_have_arrived(row.state, row.tries),
            row.kind == LetterKind.RECORD_RECALLED.value,
        )
        for row in session.execute(_LETTERS, {"invitee_id": invitee_id})
    ]


def every_letter_to(session: Session, invitee_id: int) -> list[int]:
    """The numbers of all letters to this person."""
    return list(session.execute(_EVERY_LETTER, {"invitee_id": invitee_id}).scalars())


def letter_of(
    line: Circulation, versions: Sequence[VersionShown], letters: Sequence[Letter]
) -> Letter | None:
    """The letter that led to the version of this line: the first that may have been read, because
    from then on somebody had the copy; else the last. `versions` are newest first."""
    ours = letters_of(line, versions, letters)
    return next((one for one in ours if one.arrived), ours[-1] if ours else None)


def letters_of(
    line: Circulation, versions: Sequence[VersionShown], letters: Sequence[Letter]
) -> list[Letter]:
    """All letters that led to the version of this line, reminders too: those from when that was
    signed to when the next was, the oldest first."""
    place = next(place for place, one in enumerate(versions) if one.id == line.version_id)
    until = versions[place - 1].signed_at if place else None
    return [
        one
        for one in letters
        if not one.recalls
        and versions[place].signed_at <= one.at
        and (until is None or one.at < until)
    ]
