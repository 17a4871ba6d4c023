"""Cancelled discussions that another took the place of: work for nobody any more (A11)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, aliased

from app.core.database import table
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState

_M = table(Meeting)
_theirs, _mine, _later = aliased(MeetingChild), aliased(MeetingChild), aliased(MeetingChild)
_a_child_has_no_later = exists().where(
    _mine.meeting_id == _M.c.id,
    ~exists().where(_later.child_id == _mine.child_id, _later.meeting_id > _mine.meeting_id),
)


def note_replaced(session: Session, meeting: Meeting, now: datetime) -> None:
    """Mark the cancelled discussions whose place `meeting` takes: those of its referral, or those
    of open cases of whose children none is without a later one.

    The mark keeps a list short and decides nothing: what is not marked is looked at each time.
    """
    if meeting.referral_id is not None:
        concerned = _M.c.referral_id == meeting.referral_id
    else:
        of_children = select(_theirs.meeting_id).where(
            _theirs.child_id.in_([one.child_id for one in meeting.children])
        )
        concerned = _M.c.referral_id.is_(None) & _M.c.id.in_(of_children) & ~_a_child_has_no_later
    session.execute(
        update(_M)
        .where(
            concerned,
            _M.c.id < meeting.id,
            _M.c.state == MeetingState.CANCELLED,
            _M.c.replaced_at.is_(None),
        )
        .values(replaced_at=now)
    )


def look_again(session: Session, child_ids: Collection[int]) -> None:
    """Take the mark off open cases of these children, whose discussions went to another record:
    the later one may be no longer theirs (A3)."""
    of_children = select(MeetingChild.meeting_id).where(MeetingChild.child_id.in_(child_ids))
    session.execute(
        update(_M)
        .where(_M.c.referral_id.is_(None), _M.c.replaced_at.is_not(None), _M.c.id.in_(of_children))
        .values(replaced_at=None)
    )
