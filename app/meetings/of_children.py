"""The discussions of a referral's children on the referral's page (A3, A11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.audit.types import Subject
from app.core.database import UTCDateTime
from app.meetings.models import Meeting, MeetingChild
from app.meetings.restricted.hidden import masked
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.referrals.sections import Part, Section
from app.referrals.shown import name_of

_DISCUSSIONS = (
    select(
        MeetingChild.child_id,
        Meeting.ref,
        Meeting.state,
        Meeting.referral_id,
        Meeting.created_at,
        Meeting.starts_at,
        Meeting.started_at,
    )
    .join(Meeting, Meeting.id == MeetingChild.meeting_id)
    .where(MeetingChild.child_id.in_(bindparam("children", expanding=True)))
    .order_by(Meeting.id.desc(), MeetingChild.position)
)


_LIVE = (
    select(Meeting.ref)
    .where(
        Meeting.referral_id == bindparam("referral"),
        Meeting.state.in_([MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY]),
    )
    .order_by(Meeting.id.desc())
    .limit(1)
)


def live_discussion(session: Session, referral_id: int) -> str | None:
    """The newest discussion of a referral that waits to be booked, is booked or under way."""
    return session.execute(_LIVE, {"referral": referral_id}).scalar_one_or_none()


_OVER = select(func.max(Meeting.ended_at, type_=UTCDateTime())).where(
    Meeting.referral_id == bindparam("referral")
)


def discussion_over(session: Session, referral_id: int) -> datetime | None:
    """When a discussion of a referral last ended; None where none was held."""
    return session.execute(_OVER, {"referral": referral_id}).scalar_one()


@dataclass(frozen=True, slots=True)
class Shown:
    """One discussion: `at` is when it was held, is held, or else was decided. Neither that nor how
    it stands where it is hidden."""

    ref: str
    state: MeetingState | None
    at: datetime | None
    children: tuple[str, ...]
    of_this_referral: bool


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """Every discussion of these children, the newest first: one statement."""
    names = {row.child_id: name_of(row.child) for row in referral.children}
    found: dict[str, Shown] = {}
    for row in session.execute(_DISCUSSIONS, {"children": list(names)}):
        there = found.get(row.ref)
        found[row.ref] = Shown(
            ref=row.ref,
            state=row.state,
            at=row.started_at or row.starts_at or row.created_at,
            children=(*(there.children if there else ()), names[row.child_id]),
            of_this_referral=row.referral_id == referral.id,
        )
    own = tuple(Subject("meeting", one.ref) for one in found.values() if one.of_this_referral)
    shown = masked(found.values(), state=None, at=None)
    return Part({"discussions": shown}, own)


referral_section = Section("meetings/need/_of_children.html", "after", load)
