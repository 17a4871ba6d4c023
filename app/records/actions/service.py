"""A report on an action, whether its owner gives it by link or tells the desk (E3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.meetings.actions import rules
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee
from app.meetings.types import ActionState
from app.records.circulation import refresh_expiry


def reported(
    session: Session,
    actor: Actor,
    meeting_ref: str,
    action: Action,
    state: ActionState,
    progress: str,
    seen_version: int,
    now: datetime,
) -> None:
    """Note how a locked action stands, and when its owner's link ends from now on (D3, E3).

    Raises Refused (field `progress`) where a reason is missing, or where somebody else reported
    meanwhile.
    """
    rules.check_report(state, progress, seen_version=seen_version, version=action.version)
    action.state = state
    action.progress = progress or None
    action.closed_at = rules.closed_at(state, action.closed_at, now)
    # Before the audit, whose head everybody waits for: whoever holds that takes nothing more.
    refresh_expiry(session, session.get_one(Invitee, action.owner_id), now)
    record(
        session,
        actor,
        rules.REPORTED,
        Subject("meeting", meeting_ref),
        now,
        {"action": action.id, "state": state.value},
    )
