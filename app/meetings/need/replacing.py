"""Cancelled discussions that another took the place of: work for nobody any more (A11), and missed
where their time had run out and no other clock counts it (B1, G3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, select, update
from sqlalchemy.orm import Session, aliased

from app.core.database import table
from app.meetings.models import Meeting, MeetingChild
from app.meetings.need.rules import decided_away
from app.meetings.types import MeetingState
from app.referrals.outcome.queries import decisions, reopenings

_M = table(Meeting)
_theirs, _mine, _later = aliased(MeetingChild), aliased(MeetingChild), aliased(MeetingChild)
_a_child_has_no_later = exists().where(
    _mine.meeting_id == _M.c.id,
    ~exists().where(_later.child_id == _mine.child_id, _later.meeting_id > _mine.meeting_id),
)
_CANCELLED: Select[tuple[Any, ...]] = select(
    _M.c.id, _M.c.need_decided_at, _M.c.created_at, _M.c.not_needed_at
).where(_M.c.state == MeetingState.CANCELLED)
_OF_CHILDREN = (
    select(_mine.child_id, _M.c.need_decided_at)
    .join(_later, _later.child_id == _mine.child_id)
    .join(_M, _M.c.id == _later.meeting_id)
    .where(_mine.meeting_id == bindparam("cancelled_id"), _later.meeting_id > _mine.meeting_id)
)


class _Cancelled(NamedTuple):
    id: int
    need_decided_at: datetime
    created_at: datetime
    not_needed_at: datetime | None


def note_replaced(session: Session, meeting: Meeting, now: datetime) -> None:
    """Mark the cancelled discussions whose place `meeting` takes: those of its referral, or those
    of open cases of whose children none is without a later one.

    The mark keeps a list short and decides nothing: what is not marked is looked at each time.
    Where the clock does not run on, it says too until when the need stood.
    """
    concerned = _before(meeting) & _M.c.replaced_at.is_(None)
    if meeting.referral_id is None:
        concerned &= ~_a_child_has_no_later
    for row in session.execute(_CANCELLED.where(concerned)).all():
        until = _need_until(session, meeting, _Cancelled(*row), now)
        session.execute(
            update(_M).where(_M.c.id == row.id).values(replaced_at=now, need_until=until)
        )


def decided_at_another_time(
    session: Session, meeting: Meeting, was: datetime, now: datetime
) -> None:
    """It was put right when `meeting` was decided: so long stood the need of what it replaced."""
    concerned = _before(meeting) & (_M.c.need_until == was)
    for row in session.execute(_CANCELLED.where(concerned)).all():
        until = _need_until(session, meeting, _Cancelled(*row), now)
        session.execute(update(_M).where(_M.c.id == row.id).values(need_until=until))


def look_again(session: Session, child_ids: Collection[int]) -> None:
    """Take the mark off open cases of these children, whose discussions went to another record:
    the later one may be no longer theirs (A3)."""
    of_children = select(MeetingChild.meeting_id).where(MeetingChild.child_id.in_(child_ids))
    session.execute(
        update(_M)
        .where(_M.c.referral_id.is_(None), _M.c.replaced_at.is_not(None), _M.c.id.in_(of_children))
        .values(replaced_at=None, need_until=None)
    )


def _before(meeting: Meeting) -> ColumnElement[bool]:
    """Those of its referral, or of open cases of its children, that were decided before it."""
    if meeting.referral_id is not None:
        return (_M.c.referral_id == meeting.referral_id) & (_M.c.id < meeting.id)
    of_children = select(_theirs.meeting_id).where(
        _theirs.child_id.in_([one.child_id for one in meeting.children])
    )
    return _M.c.referral_id.is_(None) & _M.c.id.in_(of_children) & (_M.c.id < meeting.id)


def _need_until(
    session: Session, meeting: Meeting, held: _Cancelled, now: datetime
) -> datetime | None:
    """Until when the need of a cancelled discussion stood: until the other was decided, unless
    before that somebody said that none is needed, decided otherwise or opened the referral again.
    None where its clock runs on, in which case both were decided at one moment (A11)."""
    if meeting.referral_id is None:
        decided = _decided_of_children(session, held.id)
        runs_on = any(held.need_decided_at in moments for moments in decided)
        ended = [max(min(moments) for moments in decided), held.not_needed_at]
    else:
        runs_on = held.need_decided_at == meeting.need_decided_at
        otherwise = decided_away(decisions(session, meeting.referral_id), held.created_at, now)
        again = [one.reopening.reopened_at for one in reopenings(session, meeting.referral_id)]
        opened = min((one for one in again if one >= held.created_at), default=None)
        ended = [meeting.need_decided_at, otherwise, opened, held.not_needed_at]
    return None if runs_on else min(one for one in ended if one is not None)


def _decided_of_children(session: Session, cancelled_id: int) -> Collection[Collection[datetime]]:
    """Of each child of an open case, when the later discussions of it were decided."""
    found: dict[int, list[datetime]] = {}
    for child_id, at in session.execute(_OF_CHILDREN, {"cancelled_id": cancelled_id}):
        found.setdefault(child_id, []).append(at)
    return found.values()
