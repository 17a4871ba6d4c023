"""An open action that goes to somebody else after the record was signed (E3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.meetings import messages
from app.meetings.actions import rules
from app.meetings.actions.models import ActionHandover
from app.meetings.actions.queries import open_with_owners
from app.meetings.actions.service import settle_for
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.standing import standing
from app.meetings.types import MeetingState, MessageKind
from app.records.circulation import refresh_expiry
from app.referrals.sender import Sender


def takers(meeting: Meeting, action: Action) -> list[Invitee]:
    """Who may take it over: whoever was asked to the discussion and still counts, in their order.
    Nobody who was removed, reads a wrong address, sent somebody else, or works here no more."""
    return [
        one for one in standing(meeting.invitees) if one.id != action.owner_id and not one.has_left
    ]


def why_not(meeting: Meeting, action: Action) -> str:
    """Why it cannot go to somebody else now, or to nobody there is; empty where it can."""
    try:
        signed = meeting.state is MeetingState.SIGNED
        version = action.version
        rules.check_handover(action.state, signed=signed, seen_version=version, version=version)
    except Refused as refusal:
        return refusal.message
    if not takers(meeting, action):
        return "Nobody else was asked: name somebody by a correction of the record"
    return ""


def hand_over(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    action: Action,
    to_id: int | None,
    reason: str,
    seen_version: int,
    sender: Sender,
    now: datetime,
) -> int:
    """Give an open action to somebody else; returns how many letters. Discussion and action are
    locked.

    The signed record keeps saying whose it was. What was reported so far stays with the handover:
    its new owner begins with nothing reported, is told by a link that lives as long as the action
    is open, and is reminded from now on. Who had it is reminded no more, and their link ends as it
    would without it. Raises Refused (field `to`) where nothing can be handed over or to that
    person.
    """
    rules.check_handover(
        action.state,
        signed=meeting.state is MeetingState.SIGNED,
        seen_version=seen_version,
        version=action.version,
    )
    taker = next((one for one in takers(meeting, action) if one.id == to_id), None)
    if taker is None:
        raise Refused("to", "That person is not asked any more: choose somebody else")
    before = session.get_one(Invitee, action.owner_id)
    session.add(
        ActionHandover(
            action_id=action.id,
            from_id=before.id,
            to_id=taker.id,
            reason=reason,
            progress=action.progress,
            handed_by_id=staff.id,
            handed_at=now,
        )
    )
    action.owner_id, action.progress = taker.id, None
    session.flush()
    if not any(owner.id == before.id for _, owner in open_with_owners(session, meeting.id)):
        messages.take_back(session, [before], {MessageKind.ACTIONS})
    letters = settle_for(session, meeting, action, taker, sender, now)
    for one in (before, taker):
        refresh_expiry(session, one, now)
    record(
        session, staff.actor, "handed an action over", Subject("meeting", meeting.ref), now,
        {"action": action.id, "from": before.id, "to": taker.id, "letters": letters},
    )  # fmt: skip
    return letters
