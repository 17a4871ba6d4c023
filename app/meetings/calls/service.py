"""Noting a call, and the number that somebody is called on (C5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.crypto import keyed_digest
from app.core.installation import index_key
from app.core.refusal import Refused
from app.directory.rules import normal_telephone
from app.meetings.calls import rules
from app.meetings.calls.letters import read_unreached
from app.meetings.calls.models import Call
from app.meetings.calls.removed import hears_of_removal
from app.meetings.calls.types import Outcome
from app.meetings.models import Invitee, Meeting
from app.meetings.papers.models import SentForm
from app.meetings.types import MeetingState

_MAY_BE_TELEPHONED = frozenset(
    {MeetingState.BOOKED, MeetingState.UNDER_WAY, MeetingState.CANCELLED}
)


def telephoned(
    session: Session,
    staff: StaffMember,
    invitee: Invitee,
    outcome: Outcome,
    said: str,
    now: datetime,
) -> Call:
    """Note what came of a call to an invitee; says when to try again (C5).

    Of one that was called off whoever no letter reaches is told, and so is somebody who was taken
    off (C7). Raises Refused once the discussion is over, and for anybody else who is no longer
    invited.
    """
    meeting = invitee.meeting
    if meeting.state not in _MAY_BE_TELEPHONED:
        raise Refused("said", f"No call is needed any more: {meeting.state.label.lower()}")
    unreached = read_unreached(session, meeting)
    if meeting.state is MeetingState.CANCELLED and invitee.id not in unreached:
        raise Refused("said", "No call is needed: a letter says that it is cancelled")
    if invitee.removed_at is not None and not hears_of_removal(invitee, unreached):
        raise Refused("said", "That person is not invited any more: load the page again")
    again = rules.again_at(outcome, now, meeting.starts_at)
    call = Call(
        meeting_id=meeting.id, invitee_id=invitee.id, form_id=None, outcome=outcome,
        said=said or None, at=now, again_at=again, by_id=staff.id,
    )  # fmt: skip
    return _noted(session, staff, meeting, call, {"invitee": invitee.id})


def give_number(
    session: Session,
    staff: StaffMember,
    invitee: Invitee,
    telephone: str,
    version: int,
    now: datetime,
) -> None:
    """Note the number on which somebody is telephoned about this discussion; what the directory
    holds stays. `version` is that of the row as it was shown. Raises Refused for what is no number,
    where somebody changed the row first, and once nobody is telephoned any more."""  # fmt: skip
    meeting = invitee.meeting
    if meeting.state not in _MAY_BE_TELEPHONED:
        raise Refused("telephone", f"No call is needed any more: {meeting.state.label.lower()}")
    if invitee.removed_at is not None:
        raise Refused("telephone", "That person is not invited any more: load the page again")
    if invitee.version != version:
        raise Refused(
            "telephone", "Somebody else changed this meanwhile: check what it says now, send again"
        )
    number, was = normal_telephone(telephone), invitee.telephone
    # Whoever was typed, taken off and asked again is known by name and number (C7).
    for one in meeting.invitees:
        if one is invitee or (
            one.removed_at is not None
            and one.professional_id is None
            and invitee.professional_id is None
            and (one.name, one.telephone) == (invitee.name, was)
        ):
            one.telephone = number
    session.flush()
    record(
        session, staff.actor, "number noted", Subject("meeting", meeting.ref), now,
        {"invitee": invitee.id, "had_one": bool(was)},
    )  # fmt: skip


def telephoned_about(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    form: SentForm,
    outcome: Outcome,
    said: str,
    wait: timedelta,
    now: datetime,
) -> Call:
    """Note what came of a call about a form that was sent; without an answer again after `wait`,
    which may be nothing: another number is rung at once (BROMLEY 1)."""
    again = now + wait if wait and outcome is not Outcome.SPOKE else None
    call = Call(
        meeting_id=meeting.id, invitee_id=None, form_id=form.id, outcome=outcome,
        said=said or None, at=now, again_at=again, by_id=staff.id,
    )  # fmt: skip
    return _noted(session, staff, meeting, call, {"form": form.id})


def _noted(
    session: Session, staff: StaffMember, meeting: Meeting, call: Call, whom: dict[str, int]
) -> Call:
    session.add(call)
    session.flush()
    # The words themselves stand encrypted beside it; their digest holds them to this row.
    said = keyed_digest(index_key(session), "call", str(call.id), call.said) if call.said else None
    record(
        session,
        staff.actor,
        "telephoned",
        Subject("meeting", meeting.ref),
        call.at,
        {"call": call.id, "outcome": call.outcome.value, "said": said, **whom},
    )
    return call
