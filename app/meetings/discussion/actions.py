"""Actions: what, who, by when, why (E3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.clock import words_for_due
from app.core.refusal import Refused
from app.meetings.discussion import queries, rules
from app.meetings.discussion.due_words import DueUnclear, parse_due
from app.meetings.discussion.models import Action
from app.meetings.discussion.people import invitee_of, staff_id_of
from app.meetings.discussion.types import ActionOrder
from app.meetings.models import Meeting
from app.meetings.standing import stand_in
from app.meetings.types import ActionState


def add_action(
    session: Session, actor: Actor, meeting: Meeting, order: ActionOrder, now: datetime
) -> Action:
    """Note what somebody will do, and by when. Owners are told when the meeting ends, of what is
    added after that within minutes (E3).

    Raises Refused on the field that is missing or unclear: what, owner, due or child.
    """
    due_at = _checked(meeting, order, now)
    action = Action(
        meeting_id=meeting.id,
        child_id=order.child_id,
        what=order.what,
        why=order.why or None,
        protects=order.protects,
        owner_id=invitee_of(meeting, order.owner_id, field="owner").id,
        due_at=due_at,
        state=ActionState.OPEN,
        added_by_id=staff_id_of(actor),
        added_at=now,
    )
    session.add(action)
    session.flush()
    _audit(session, actor, "added an action", meeting, action, now)
    return action


def change_action(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    action_id: int,
    order: ActionOrder,
    base_version: int,
    now: datetime,
) -> Action:
    """Put an action right before the record is signed.

    What was reported done was what it said before: it is open again where what is to be done, by
    whom or by when has changed, and a new owner begins with nothing reported. Raises Refused as
    `add_action`, and on `what` when somebody changed it since `base_version`: the message holds
    their text.
    """
    action = _standing(session, meeting, action_id)
    if action.version != base_version:
        raise ChangedMeanwhile(action, _as_said(meeting, action))
    # A day that has passed since may stay as it was agreed.
    unchanged = words_for_due(action.due_at) == order.due
    due_at = _checked(meeting, order, now, kept=action.due_at if unchanged else None)
    owner_id = invitee_of(meeting, order.owner_id, field="owner").id
    if (owner_id, due_at, order.what) != (action.owner_id, action.due_at, action.what):
        action.told_at = None  # its owner knows of something else
        action.state, action.closed_at = ActionState.OPEN, None
    if owner_id != action.owner_id:
        action.progress = None
    action.due_at, action.owner_id = due_at, owner_id
    action.what, action.why, action.child_id = order.what, order.why or None, order.child_id
    action.protects = order.protects
    _audit(session, actor, "changed an action", meeting, action, now)
    return action


def strike_action(
    session: Session, actor: Actor, meeting: Meeting, action_id: int, now: datetime
) -> None:
    """Strike an action out before the record is signed; the row stays, marked.

    Raises Refused when it is gone already, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    action = _standing(session, meeting, action_id)
    action.removed_at = now
    _audit(session, actor, "struck an action out", meeting, action, now)


def pass_on(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Give what was agreed with somebody who then sent a colleague to that colleague, who reads
    the record and reports by the link that lives (D4, E3)."""
    for action in queries.actions_of(session, meeting):
        owner_id = stand_in(action.owner_id, meeting.invitees)
        if owner_id != action.owner_id:
            action.owner_id = owner_id
            session.flush()
            _audit(session, actor, "passed an action on to the deputy", meeting, action, now)


class ChangedMeanwhile(Refused):
    """Somebody else changed the action first; the message holds their text."""

    def __init__(self, action: Action, theirs: str) -> None:
        super().__init__(
            "what",
            f"Somebody else changed this action meanwhile. It now says: {theirs}. "
            "Yours is below, not saved: press Save to put it in place of theirs.",
        )
        self.version = action.version


def _standing(session: Session, meeting: Meeting, action_id: int) -> Action:
    action = queries.action_to_change(session, meeting, action_id)
    if action is None:
        raise Refused("what", "This action was struck out: add it again if it still holds")
    return action


def _checked(
    meeting: Meeting, order: ActionOrder, now: datetime, kept: datetime | None = None
) -> datetime:
    rules.check_writable(meeting.state)
    if not order.what:
        raise Refused("what", "Say what is to be done")
    if len(order.what) > rules.LONGEST_TEXT or len(order.why) > rules.LONGEST_TEXT:
        raise Refused("what", f"Shorten this to {rules.LONGEST_TEXT:,} characters or fewer")
    if order.owner_id is None:
        raise Refused("owner", "Choose who does this")
    if order.child_id is not None and order.child_id not in {
        child.child_id for child in meeting.children
    }:
        raise Refused("child", "Choose one of the children of this discussion")
    rules.protection(order.protects)
    if kept is not None:
        return kept
    try:
        return parse_due(order.due, now, agreed_since(meeting))
    except DueUnclear as error:
        raise Refused("due", str(error)) from error


def agreed_since(meeting: Meeting) -> datetime | None:
    """From when on an action may be due that has passed already: once the discussion is over."""
    return meeting.started_at if meeting.ended_at is not None else None


def _as_said(meeting: Meeting, action: Action) -> str:
    owner = next((who.name for who in meeting.invitees if who.id == action.owner_id), "")
    return f"“{action.what}”, {owner}, by {words_for_due(action.due_at)}"


def _audit(
    session: Session, actor: Actor, verb: str, meeting: Meeting, action: Action, now: datetime
) -> None:
    record(
        session,
        actor,
        verb,
        Subject("meeting", meeting.ref),
        now,
        {"action": action.id, "owner": action.owner_id, "due_at": action.due_at.isoformat()},
    )
