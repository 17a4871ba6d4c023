"""A cancelled discussion of an open case, or after one that was held: booked again on the same
clock, or not needed (A11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.meetings import queries
from app.meetings.models import Meeting, MeetingChild
from app.meetings.need.replacing import note_replaced
from app.meetings.open_case import service as open_case
from app.meetings.open_case.queries import about_of, open_case_of
from app.meetings.restricted import service as restricted
from app.meetings.sooner.service import note_sooner
from app.meetings.types import MeetingState, Route

_HELD = (MeetingState.ENDED, MeetingState.SIGNED)
SETTLED = "Somebody has settled meanwhile what follows: nothing more is to be done here"


def book_again(session: Session, staff: StaffMember, ref: str, now: datetime) -> Meeting:
    """A discussion to be booked in the place of the cancelled one.

    The need is the same and so is its deadline: protocol, facts and reasons are taken over (B1);
    where what is said of the case now makes it earlier, that is noted.
    Of an open case it is about the children for whom no later one was decided.
    Raises Refused where the discussion is not cancelled or was settled.
    """
    cancelled = _cancelled(session, ref)
    about = children_of_next(session, cancelled)
    meeting = Meeting(
        ref=new_reference("SD"),
        referral_id=cancelled.referral_id,
        state=MeetingState.NEEDED,
        route=Route.BOOKED,
        format=cancelled.format,
        need_reason=cancelled.need_reason,
        need_decided_by_id=cancelled.need_decided_by_id,
        need_decided_at=cancelled.need_decided_at,
        created_at=now,
        due_at=cancelled.due_at,
        limit_at=cancelled.limit_at,
        clocks=cancelled.clocks,
        chair_id=cancelled.chair_id,
        children=[
            MeetingChild(child_id=one.child_id, position=one.position)
            for one in cancelled.children
            if one.child_id in about
        ],
    )
    session.add(meeting)
    session.flush()
    note_replaced(session, meeting, now)
    said = open_case_of(session, cancelled)
    if said is not None:
        open_case.keep(session, meeting, about_of(said))
    restricted.take_over(session, staff.actor, cancelled, meeting, now)
    record(
        session, staff.actor, "strategy discussion needed", Subject("meeting", meeting.ref), now,
        {"in_place_of": cancelled.ref, "children": len(meeting.children)},
    )  # fmt: skip
    note_sooner(session, staff.actor, meeting, now)
    return meeting


def not_needed(session: Session, staff: StaffMember, ref: str, reason: str, now: datetime) -> None:
    """No other discussion takes the place of the cancelled one; the reason stays with the case.

    Raises Refused without a reason, or where the discussion was settled.
    """
    cancelled = _cancelled(session, ref)
    if not reason:
        raise Refused("reason", "Say why no other discussion is needed")
    cancelled.not_needed_at, cancelled.not_needed_reason = now, reason
    session.flush()
    record(session, staff.actor, "no other discussion needed", Subject("meeting", ref), now)


def _cancelled(session: Session, ref: str) -> Meeting:
    meeting = queries.meeting_for_change(session, ref)
    if meeting is None or not stands_open(session, meeting):
        raise Refused("", SETTLED)
    return meeting


def children_of_next(session: Session, cancelled: Meeting) -> set[int]:
    """Whom the discussion in the place of a cancelled one is about, by their numbers."""
    if cancelled.referral_id is None:
        return queries.children_without_later(session, cancelled.id)
    return {one.child_id for one in cancelled.children}


def stands_open(session: Session, meeting: Meeting) -> bool:
    """Whether this is a cancelled discussion that nothing has settled: of an open case, or of a
    referral of which one was held before. Of any other the decision on the referral says it."""
    if meeting.state is not MeetingState.CANCELLED or meeting.not_needed_at is not None:
        return False
    if meeting.referral_id is None:
        return bool(queries.children_without_later(session, meeting.id))
    others = queries.meetings_of_referral(session, meeting.referral_id)
    over = {MeetingState.CANCELLED, *_HELD}
    return any(one.state in _HELD for one in others) and not any(
        one.id > meeting.id or one.state not in over for one in others
    )
