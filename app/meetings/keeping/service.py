"""Keeping a discussion that is booked although another took place at once (C7, C11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.meetings import queries
from app.meetings.beside import took_place_since
from app.meetings.models import Meeting

NOTHING_TO_SETTLE = "Nothing is to be settled here any more: open the discussion to see how it is"


def keep(session: Session, staff: StaffMember, ref: str, reason: str, now: datetime) -> Meeting:
    """Keep a booked discussion beside those that took place at once since it was decided: more
    than one may be necessary (TIMING). It stands as something to settle no more, until another
    takes place; the reason stays with it.

    Raises Refused (field `reason`) without a reason, and where there is nothing to settle.
    """
    meeting = queries.meeting_for_change(session, ref)
    since = [] if meeting is None else took_place_since(session, meeting)
    if meeting is None or not since:
        raise Refused("reason", NOTHING_TO_SETTLE)
    if not reason:
        raise Refused("reason", "Say why it is still needed")
    meeting.kept_at, meeting.kept_reason = now, reason
    session.flush()
    record(
        session,
        staff.actor,
        "booked discussion kept",
        Subject("meeting", meeting.ref),
        now,
        {"beside": [one.ref for one in since]},
    )
    return meeting
