"""What waits, what failed, what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, select, text
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime, table
from app.outbox.models import OutboxHold, OutboxMessage
from app.outbox.types import FAILED, MessageState

# Written literally, as in the partial indexes: a bound parameter would not match them.
_OPEN = text("outbox_message.state IN ('queued', 'sending')")
_FAILED = text(
    "outbox_message.state IN ('refused', 'dead', 'bounced') AND outbox_message.seen_at IS NULL"
)
_MESSAGE = table(OutboxMessage).c
# What the worker asks at every ring of the bell; `now` is to be given.
_DUE = select(_MESSAGE.id).where(_OPEN, _MESSAGE.next_try_at <= bindparam("now"))
_ANY_DUE = _DUE.limit(1)
TO_CLAIM = (
    _DUE.add_columns(
        _MESSAGE.message_id,
        _MESSAGE.kind,
        _MESSAGE.recipient,
        _MESSAGE.content,
        _MESSAGE.tries,
        _MESSAGE.queued_at,
        _MESSAGE.useless_from,
        _MESSAGE.overtaken,
    )
    .order_by(_MESSAGE.next_try_at, _MESSAGE.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_HELD = select(OutboxHold.since).where(OutboxHold.id == 1)
# The partial index holds the open ones alone, so that few rows are looked at.
_OLDEST = select(func.min(OutboxMessage.queued_at, type_=UTCDateTime())).where(_OPEN)
_COLUMNS = select(
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.recipient,
    OutboxMessage.subject,
    OutboxMessage.state,
    OutboxMessage.tries,
    OutboxMessage.queued_at,
    OutboxMessage.next_try_at,
    OutboxMessage.sent_at,
    OutboxMessage.problem,
    OutboxMessage.seen_at,
)
_FAILURES = _COLUMNS.where(_FAILED).order_by(OutboxMessage.id.desc())
_WAITING = _COLUMNS.where(_OPEN).order_by(OutboxMessage.next_try_at, OutboxMessage.id)
_STATE = select(OutboxMessage.state).where(OutboxMessage.id == bindparam("id"))
_NEWEST = _COLUMNS.order_by(OutboxMessage.id.desc())


class MessageRow(NamedTuple):
    """A message as a page shows it: never its content."""

    id: int
    kind: str
    recipient: str
    subject: str
    state: MessageState
    tries: int
    queued_at: datetime
    next_try_at: datetime
    sent_at: datetime | None
    problem: str | None
    seen_at: datetime | None


def anything_due(session: Session, now: datetime) -> bool:
    """Whether a worker would find something to send."""
    return session.execute(_ANY_DUE, {"now": now}).first() is not None


def held_since(session: Session) -> datetime | None:
    """Since when no mail leaves, because a backup was restored; None where it does."""
    return session.execute(_HELD).scalar_one_or_none()


def oldest_waiting(session: Session) -> datetime | None:
    """When the oldest message that is not sent yet was queued; None where none waits."""
    return session.execute(_OLDEST).scalar()


def failures(session: Session, most: int = 50) -> list[MessageRow]:
    """Messages that did not arrive and that nobody has taken note of, newest first."""
    return [MessageRow(*row) for row in session.execute(_FAILURES.limit(most))]


def has_failed(session: Session, message_id: int) -> bool:
    """Whether a message did not arrive and will not be tried again."""
    return session.execute(_STATE, {"id": message_id}).scalar_one() in FAILED


def waiting(session: Session, most: int = 50) -> list[MessageRow]:
    """Messages not sent yet, the next try first."""
    return [MessageRow(*row) for row in session.execute(_WAITING.limit(most))]


def newest(session: Session, before: int | None, most: int) -> list[MessageRow]:
    """All messages, newest first, from below the given number: ask for one more than is shown."""
    statement = _NEWEST if before is None else _NEWEST.where(OutboxMessage.id < before)
    return [MessageRow(*row) for row in session.execute(statement.limit(most))]
