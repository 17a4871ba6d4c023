"""Reading what the quality service was told, and what it waits for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Text, bindparam, cast, func, literal, select
from sqlalchemy.orm import Session, aliased

from app.core.database import UTCDateTime, literally
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, Step
from app.meetings.discussion.models import Entry
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.rules import NOTICE_SLOW, SETTLES_AT_ONCE, SPEAK_OF_IT
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
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
# Of which discussions somebody has to tell the quality service, because no letter is about to.
_NOT_PLANNED = select(ChildAfter.meeting_id).where(
    ChildAfter.meeting_id.in_(bindparam("meetings", expanding=True)),
    ChildAfter.next_step == literally(Step.QUALITY),
    ChildAfter.notice_due_at.is_(None)
    | (ChildAfter.notice_due_at < bindparam("slow", type_=UTCDateTime())),
)
_OLDEST_DUE = select(func.min(ChildAfter.notice_due_at)).where(
    ChildAfter.notice_due_at.is_not(None)
)

# What was said of the conference since the discussion began: an answer that was prepared before is
# the chair's own until people have talked. One of which a letter told needs no other look.
_said_of = aliased(Entry)
_SETTLED = (
    select(Entry.meeting_id)
    .distinct()
    .join(Meeting, Meeting.id == Entry.meeting_id)
    .where(
        Meeting.state == literally(MeetingState.UNDER_WAY),
        Entry.field == "conference",
        Entry.written_at >= Meeting.started_at,
        Entry.meeting_id.not_in(bindparam("tried", expanding=True)),
        ~select(EarlyNotice.id)
        .where(
            EarlyNotice.meeting_id == Entry.meeting_id,
            Entry.scope == literal("child:").concat(cast(EarlyNotice.child_id, Text)),
            EarlyNotice.at >= Entry.written_at,
        )
        .exists(),
        ~select(_said_of.id)
        .where(
            _said_of.meeting_id == Entry.meeting_id,
            _said_of.field.in_(SPEAK_OF_IT),
            _said_of.written_at > bindparam("settled", type_=UTCDateTime()),
        )
        .exists(),
    )
    .limit(MOST)
)
_SAID = (
    select(Entry)
    .where(Entry.meeting_id == bindparam("meeting_id"), Entry.field.in_(SPEAK_OF_IT))
    .execution_options(populate_existing=True)
)
_OF_MEETING = (
    select(EarlyNotice)
    .where(EarlyNotice.meeting_id == bindparam("meeting_id"))
    .order_by(EarlyNotice.id)
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


def settled(session: Session, now: datetime, tried: Collection[int]) -> list[int]:
    """The discussions under way in which something was said of a conference that has settled by
    now, but for those that were `tried`."""
    since = {"settled": now - SETTLES_AT_ONCE, "tried": list(tried)}
    return list(session.execute(_SETTLED, since).scalars())


def said_in(session: Session, meeting_id: int) -> list[Entry]:
    """What the children's answers say of the conference: one statement."""
    return list(session.execute(_SAID, {"meeting_id": meeting_id}).scalars())


def of_meeting(session: Session, meeting_id: int) -> list[EarlyNotice]:
    """The letters of one discussion, the oldest first."""
    return list(session.execute(_OF_MEETING, {"meeting_id": meeting_id}).scalars())


def told_during(session: Session, meeting_id: int) -> dict[int, datetime]:
    """By child, when a letter first told them while the discussion ran."""
    rows = reversed(of_meeting(session, meeting_id))
    return {one.child_id: one.at for one in rows if one.said is not Conference.NOT_NEEDED}


def oldest_due(session: Session) -> datetime | None:
    """Since when the notice that waits longest is due; None where none waits."""
    return session.execute(_OLDEST_DUE).scalar()


def planned(session: Session, meeting_ids: Collection[int], now: datetime) -> frozenset[int]:
    """Of these discussions, of which the quality service is next to be told, those of which a
    letter that is about to be made tells it for every child."""
    if not meeting_ids:
        return frozenset()
    asked = {"meetings": list(meeting_ids), "slow": now - NOTICE_SLOW}
    return frozenset(meeting_ids) - set(session.execute(_NOT_PLANNED, asked).scalars())
