"""Who joined the referral after a discussion of it was decided (A2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, aliased, lazyload

from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState
from app.referrals.models import Child, ReferralChild

# Those that can still speak of one more child.
OPEN = (MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY)
_SINCE = (
    select(Child.id, Child.ref, Child.given_name, Child.family_name)
    .join(ReferralChild, ReferralChild.child_id == Child.id)
    .where(
        ReferralChild.referral_id == bindparam("referral_id"),
        ReferralChild.settled_at.is_(None),
        Child.id.not_in(
            select(MeetingChild.child_id).where(MeetingChild.meeting_id == bindparam("meeting_id"))
        ),
    )
    .order_by(ReferralChild.position)
)
_of_referral, _later = aliased(Meeting), aliased(Meeting)
# Joined, in none of the referral's discussions, and nobody said that none is needed.
UNSPOKEN = (
    ReferralChild.speak_by_at.is_not(None),
    ReferralChild.settled_at.is_(None),
    ~exists().where(
        MeetingChild.child_id == ReferralChild.child_id,
        MeetingChild.meeting_id == _of_referral.id,
        _of_referral.referral_id == ReferralChild.referral_id,
        _of_referral.state != MeetingState.CANCELLED,
    ),
)
# The discussion that leads on: the last of the referral that was not cancelled.
IS_LAST = (Meeting.state != MeetingState.CANCELLED) & ~exists().where(
    _later.referral_id == Meeting.referral_id,
    _later.id > Meeting.id,
    _later.state != MeetingState.CANCELLED,
)
_UNSPOKEN = (
    select(Meeting.id, ReferralChild, Child.ref, Child.given_name, Child.family_name)
    .join(ReferralChild, ReferralChild.referral_id == Meeting.referral_id)
    .join(Child, Child.id == ReferralChild.child_id)
    .where(Meeting.id.in_(bindparam("ids", expanding=True)), IS_LAST, *UNSPOKEN)
    .order_by(Meeting.id, ReferralChild.position)
    .options(lazyload(ReferralChild.child))
)
# The same as numbers, for what else asks of a referral: each led on by its last discussion.
CHILDREN_UNSPOKEN = (
    select(ReferralChild.referral_id, ReferralChild.child_id)
    .join(Meeting, Meeting.referral_id == ReferralChild.referral_id)
    .where(IS_LAST, *UNSPOKEN)
)
_WAITING = (
    select(Meeting)
    .where(Meeting.referral_id == bindparam("referral_id"), Meeting.state == MeetingState.NEEDED)
    .order_by(Meeting.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


class Joined(NamedTuple):
    """A child of the referral of whom the discussion does not speak yet."""

    id: int
    ref: str
    name: str


def joined_since(session: Session, meeting: Meeting) -> list[Joined]:
    """The children of its referral who are in it not yet: nobody where it has no referral, or
    where it is over."""
    if meeting.referral_id is None or meeting.state not in OPEN:
        return []
    rows = session.execute(_SINCE, {"referral_id": meeting.referral_id, "meeting_id": meeting.id})
    return [
        Joined(child_id, ref, f"{given} {family}".strip()) for child_id, ref, given, family in rows
    ]


class Unspoken(NamedTuple):
    """A child who joined and of whom no discussion speaks."""

    row: ReferralChild
    ref: str
    name: str


def unspoken(session: Session, meeting_ids: Collection[int]) -> dict[int, list[Unspoken]]:
    """Of each of these discussions who joined its referral and is in no discussion of it, where it
    is the last: one statement, none for none."""
    found: defaultdict[int, list[Unspoken]] = defaultdict(list)
    if meeting_ids:
        rows = session.execute(_UNSPOKEN, {"ids": list(meeting_ids)})
        for meeting_id, row, ref, given, family in rows:
            found[meeting_id].append(Unspoken(row, ref, f"{given} {family}".strip()))
    return dict(found)


def waiting_to_change(session: Session, referral_id: int) -> list[Meeting]:
    """The discussions of a referral that wait to be booked, locked until the transaction ends."""
    return list(session.execute(_WAITING, {"referral_id": referral_id}).scalars())
