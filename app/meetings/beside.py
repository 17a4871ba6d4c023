"""A discussion that is still booked although another about the same children took place at once:
its line is taken and its invitees dial in, until somebody cancels it or it begins. Who keeps it
settles that with a reason (C7, C11)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.database import any_of, literally
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState, Route

_mine, _theirs, _other = aliased(MeetingChild), aliased(MeetingChild), aliased(Meeting)
_AT_ONCE = (Route.STARTED_NOW, Route.ALREADY_HELD)
_BOOKED = (
    select(Meeting.ref, Meeting.starts_at, Meeting.kept_at)
    .where(
        Meeting.state == literally(MeetingState.BOOKED),
        exists().where(
            _theirs.meeting_id == Meeting.id,
            _theirs.child_id.in_(bindparam("children", expanding=True)),
        ),
    )
    .order_by(Meeting.starts_at, Meeting.id)
)
# Decided after the other began, it is a further one: more than one may be necessary (TIMING).
_BEGUN_SINCE = (
    _other.id != Meeting.id,
    _other.route.in_(any_of(_AT_ONCE)),
    _other.state != MeetingState.CANCELLED,
    or_(_other.id > Meeting.id, _other.started_at > Meeting.created_at),
    # Who kept it knew of those that were entered until then.
    or_(Meeting.kept_at.is_(None), _other.created_at > Meeting.kept_at),
)
TOOK_PLACE_SINCE = exists().where(
    _mine.meeting_id == Meeting.id,
    _theirs.child_id == _mine.child_id,
    _other.id == _theirs.meeting_id,
    *_BEGUN_SINCE,
)
_SINCE = (
    select(_other.ref, _other.started_at)
    .join(_theirs, _theirs.meeting_id == _other.id)
    .join(_mine, _mine.child_id == _theirs.child_id)
    .join(Meeting, Meeting.id == _mine.meeting_id)
    .where(Meeting.id == bindparam("meeting_id"), *_BEGUN_SINCE)
    .distinct()
    .order_by(_other.started_at)
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A discussion about the same children: booked for `at`, or begun then."""

    ref: str
    at: datetime | None
    kept_at: datetime | None = None


def booked_about(session: Session, child_ids: Collection[int]) -> list[Beside]:
    """The discussions about any of these children that are booked, the next first."""
    return [Beside(*row) for row in session.execute(_BOOKED, {"children": list(child_ids)})]


def still_booked(session: Session, meeting: Meeting) -> list[Beside]:
    """Beside a discussion that took place at once: what is booked still, and was not kept since."""
    if meeting.route not in _AT_ONCE:
        return []
    about = [one.child_id for one in meeting.children]
    return [
        one
        for one in booked_about(session, about)
        if one.kept_at is None or one.kept_at < meeting.created_at
    ]


def took_place_since(session: Session, meeting: Meeting) -> list[Beside]:
    """Beside one that is booked: what took place at once since it was decided."""
    if meeting.state is not MeetingState.BOOKED:
        return []
    return [Beside(*row) for row in session.execute(_SINCE, {"meeting_id": meeting.id})]
