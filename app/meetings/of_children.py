"""The discussions of a referral's children on the referral's page (A3, A11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.audit.types import Subject
from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.models import Meeting, MeetingChild
from app.meetings.restricted.hidden import hidden_cases, masked
from app.meetings.sooner.service import sooner_due
from app.meetings.types import MeetingState
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.referrals.models import Referral
from app.referrals.sections import KeptClock, Part, Section
from app.referrals.shown import name_of
from app.referrals.types import Outcome

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


_LAST = (
    select(
        Meeting.id,
        Meeting.ref,
        Meeting.state,
        Meeting.clocks,
        Meeting.started_at,
        Meeting.ended_at,
        Meeting.not_needed_at,
        Meeting.sooner_due_at,
    )
    .where(Meeting.referral_id == bindparam("referral"))
    .order_by(Meeting.state == MeetingState.CANCELLED, Meeting.id.desc())
    .limit(1)
    .subquery()
)
_NEWEST = select(_LAST, ChildAfter).outerjoin(ChildAfter, ChildAfter.meeting_id == _LAST.c.id)
_ITS_CLOCKS = (Clock.STRATEGY_DISCUSSION, Clock.ASSESSMENT)


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
    """Every discussion of these children, the newest first, and the clocks of the referral's own:
    two statements."""
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
    return Part({"discussions": shown}, own, _clocks(session, referral) if own else ())


def _clocks(session: Session, referral: Referral) -> tuple[KeptClock, ...]:
    """The clocks of its newest discussion as they are kept there, and when they were met: the
    assessment's from what follows it. A deadline that became earlier goes before. A cancelled
    discussion counts where no other stands."""
    rows = session.execute(_NEWEST, {"referral": referral.id}).all()
    if not rows:
        return ()
    newest = rows[0]
    if newest.ref in hidden_cases():
        # How it stands is not told: neither that it was held, nor that it was not.
        return tuple(KeptClock(clock, runs=False) for clock in _ITS_CLOCKS)
    kept = restore(newest.clocks).clocks if "clocks" in newest.clocks else {}
    sooner = None
    if newest.sooner_due_at is not None:
        sooner = sooner_due(session, session.get_one(Meeting, newest.id))
    needed = newest.state is not MeetingState.CANCELLED or newest.not_needed_at is None
    discussion = KeptClock(
        Clock.STRATEGY_DISCUSSION,
        sooner or kept.get(Clock.STRATEGY_DISCUSSION),
        newest.started_at,
        runs=needed,
    )
    if referral.outcome is Outcome.SECTION_17:
        # The assessment that runs is the referral's own, whatever a cancelled discussion kept.
        return (discussion,)
    assessment = KeptClock(Clock.ASSESSMENT, kept.get(Clock.ASSESSMENT), runs=needed)
    if newest.ended_at is not None:
        assessment = _assessment([row.ChildAfter for row in rows if row.ChildAfter is not None])
    return discussion, assessment


def _due_first(one: ChildAfter) -> tuple[bool, float]:
    due = one.assessment_due_at
    return due is None, due.timestamp() if due else 0


def _assessment(after: list[ChildAfter]) -> KeptClock:
    """Met when every child's is complete, by the limit of the first that is not; what another
    discussion about the same enquiry carries on is followed there."""
    running = [one for one in after if one.carries and one.assessment_runs]
    waits = [one for one in running if one.assessment_completed_at is None]
    first = min(waits or running, key=_due_first, default=None)
    if first is None:
        return KeptClock(Clock.ASSESSMENT, runs=False)
    done = [one.assessment_completed_at for one in running if one.assessment_completed_at]
    answer = restore(first.clocks).clocks.get(Clock.ASSESSMENT)
    return KeptClock(Clock.ASSESSMENT, answer, None if waits else max(done))


referral_section = Section("meetings/need/_of_children.html", "after", load)
