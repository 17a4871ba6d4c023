"""Reading what follows for each child (F8)."""

from __future__ import annotations

from datetime import datetime

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
_ROWS = (
    select(ChildAfter)
    .where(ChildAfter.meeting_id == bindparam("meeting_id"))
    .order_by(ChildAfter.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)
_ENQUIRY_BEFORE = (
    select(ChildAfter.section47_started_at)
    .where(
        ChildAfter.child_id == bindparam("child_id"),
        ChildAfter.meeting_id < bindparam("meeting_id"),
        ChildAfter.section47_started_at.is_not(None),
        ChildAfter.enquiry_outcome.is_(None),
    )
    .order_by(ChildAfter.id.desc())
    .limit(1)
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


def rows_of(session: Session, meeting_id: int) -> dict[int, ChildAfter]:
    """The same rows alone, by child, locked until the transaction ends."""
    rows = session.execute(_ROWS, {"meeting_id": meeting_id}).scalars()
    return {row.child_id: row for row in rows}


def enquiry_before(session: Session, meeting_id: int, child_id: int) -> datetime | None:
    """When the section 47 enquiry that a later discussion continues was started, or None."""
    values = {"meeting_id": meeting_id, "child_id": child_id}
    return session.execute(_ENQUIRY_BEFORE, values).scalar_one_or_none()


def refs_of_same_children(session: Session, meeting_id: int) -> list[str]:
    """The discussions that any of this one's children had, this one among them (A11)."""
    return sorted(session.execute(_LINKED, {"meeting_id": meeting_id}).scalars())
