"""Who joined the referral after a discussion of it was decided (A2)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

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
        Child.id.not_in(
            select(MeetingChild.child_id).where(MeetingChild.meeting_id == bindparam("meeting_id"))
        ),
    )
    .order_by(ReferralChild.position)
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


def waiting_to_change(session: Session, referral_id: int) -> list[Meeting]:
    """The discussions of a referral that wait to be booked, locked until the transaction ends."""
    return list(session.execute(_WAITING, {"referral_id": referral_id}).scalars())
