"""Reading what the quality service was told, and what it waits for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.models import Meeting
from app.outbox.models import OutboxMessage
from app.outbox.types import FAILED, MessageState

MOST = 50
_OF_CHILDREN = (
    select(EarlyNotice)
    .where(EarlyNotice.child_id.in_(bindparam("children", expanding=True)))
    .order_by(EarlyNotice.id)
)
_SHOWN = (
    select(
        EarlyNotice.child_id, Meeting.ref, EarlyNotice.said, EarlyNotice.at, OutboxMessage.state,
        OutboxMessage.sent_at, OutboxMessage.seen_at, OutboxMessage.id,
    )
    .join(Meeting, Meeting.id == EarlyNotice.meeting_id)
    .join(OutboxMessage, OutboxMessage.id == EarlyNotice.message_id)
    .where(EarlyNotice.child_id.in_(bindparam("children", expanding=True)))
    .order_by(EarlyNotice.id)
)  # fmt: skip
_DUE = (
    select(ChildAfter.meeting_id, ChildAfter.child_id)
    .where(
        ChildAfter.notice_due_at.is_not(None),
        ChildAfter.notice_due_at <= bindparam("now", type_=UTCDateTime()),
        ChildAfter.meeting_id.not_in(bindparam("tried", expanding=True)),
    )
    .order_by(ChildAfter.notice_due_at, ChildAfter.id)
    .limit(MOST)
)
_OLDEST_DUE = select(func.min(ChildAfter.notice_due_at)).where(
    ChildAfter.notice_due_at.is_not(None)
)

_other = aliased(EarlyNotice)
_FAILED = (
    select(EarlyNotice.message_id)
    .join(OutboxMessage, OutboxMessage.id == EarlyNotice.message_id)
    .where(
        EarlyNotice.child_id == bindparam("child"),
        OutboxMessage.state.in_(FAILED),
        OutboxMessage.seen_at.is_(None),
        # A letter tells of several children: of another nobody has noted more than the letter did.
        ~select(_other.id)
        .join(ChildAfter, ChildAfter.child_id == _other.child_id)
        .where(
            _other.message_id == EarlyNotice.message_id,
            _other.child_id != EarlyNotice.child_id,
            ChildAfter.carries,
            ChildAfter.conference.in_((Conference.LIKELY, Conference.REQUIRED)),
            ChildAfter.quality_told_at == _other.at,
            ChildAfter.icpc_referred_at.is_(None),
        )
        .exists(),
    )
)


class NoticeShown(NamedTuple):
    """One letter about one child, and what became of it."""

    child_id: int
    ref: str
    said: Conference
    at: datetime
    state: MessageState
    sent_at: datetime | None
    seen_at: datetime | None
    message_id: int

    @property
    def waits(self) -> bool:
        """It did not arrive, and nobody has seen to it."""
        return self.state.failed and self.seen_at is None


def of_children(session: Session, child_ids: Collection[int]) -> list[EarlyNotice]:
    """Every letter about these children, the oldest first: one statement."""
    rows = session.execute(_OF_CHILDREN, {"children": list(child_ids)})
    return list(rows.scalars())


def shown(session: Session, child_ids: Collection[int]) -> list[NoticeShown]:
    """The letters about these children with their state, the oldest first."""
    rows = session.execute(_SHOWN, {"children": list(child_ids)})
    return [NoticeShown(*row) for row in rows]


def failed_about(session: Session, child_id: int) -> list[int]:
    """The letters that did not arrive and of which nobody but this child is still to be told, now
    that they are told of this one: one statement."""
    return list(session.execute(_FAILED, {"child": child_id}).scalars())


def due(session: Session, now: datetime, tried: Collection[int]) -> dict[int, list[int]]:
    """The discussions of which something has to be told now, but for those that were `tried`, with
    the children it is about."""
    found: dict[int, list[int]] = {}
    for meeting_id, child_id in session.execute(_DUE, {"now": now, "tried": list(tried)}):
        found.setdefault(meeting_id, []).append(child_id)
    return found


def oldest_due(session: Session) -> datetime | None:
    """Since when the notice that waits longest is due; None where none waits."""
    return session.execute(_OLDEST_DUE).scalar()
