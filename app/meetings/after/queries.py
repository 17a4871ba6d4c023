"""Reading what follows for each child (F8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from app.meetings.after.models import ChildAfter
from app.meetings.models import Meeting, MeetingChild
from app.referrals.models import Child

_OF_MEETING = (
    select(ChildAfter, Child)
    .join(Child, Child.id == ChildAfter.child_id)
    .join(
        MeetingChild,
        (MeetingChild.meeting_id == ChildAfter.meeting_id)
        & (MeetingChild.child_id == ChildAfter.child_id),
    )
    .where(ChildAfter.meeting_id == bindparam("meeting_id"))
    .order_by(MeetingChild.position)
)
_OF_CHILDREN = (
    select(ChildAfter, Meeting)
    .join(Meeting, Meeting.id == ChildAfter.meeting_id)
    .where(ChildAfter.child_id.in_(bindparam("children", expanding=True)))
    .order_by(ChildAfter.id)
)
# Of one child's discussions several people may write: whoever comes second waits at the first row.
_OF_CHILDREN_TO_CHANGE = _OF_CHILDREN.with_for_update(of=ChildAfter).execution_options(
    populate_existing=True
)
_mine, _theirs = aliased(MeetingChild), aliased(MeetingChild)
_LINKED = (
    select(Meeting.ref)
    .distinct()
    .join(_theirs, _theirs.meeting_id == Meeting.id)
    .join(_mine, _mine.child_id == _theirs.child_id)
    .where(_mine.meeting_id == bindparam("meeting_id"))
)


def of_meeting(session: Session, meeting_id: int) -> list[tuple[ChildAfter, Child]]:
    """What follows for each child of a discussion, in the order of its children: one statement."""
    rows = session.execute(_OF_MEETING, {"meeting_id": meeting_id})
    return [(after, child) for after, child in rows]


class Followed(NamedTuple):
    """What follows one discussion for one child."""

    row: ChildAfter
    meeting: Meeting


def of_children(session: Session, child_ids: Collection[int]) -> list[Followed]:
    """What follows for these children in all their discussions: one statement."""
    rows = session.execute(_OF_CHILDREN, {"children": list(child_ids)})
    return [Followed(*row) for row in rows]


def of_children_to_change(session: Session, child_ids: Collection[int]) -> list[Followed]:
    """The same, read anew and locked until the transaction ends."""
    rows = session.execute(_OF_CHILDREN_TO_CHANGE, {"children": list(child_ids)})
    return [Followed(*row) for row in rows]


def refs_of_same_children(session: Session, meeting_id: int) -> list[str]:
    """The discussions that any of this one's children had, this one among them (A11)."""
    return sorted(session.execute(_LINKED, {"meeting_id": meeting_id}).scalars())
