"""What follows the discussions of the example week: conferences, and owners who report (F8, E3)."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.cli.example.area import guest
from app.core.clock import from_london, in_london
from app.meetings.after import queries, service
from app.meetings.after.types import Conference, Noted, Step
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState
from app.protocols.working_days import add_working_days
from app.records.actions.service import reported

# Of the discussions that were held: every third needs a conference, another may.
REQUIRED = {"conference": "required", "quality_told": "today"}
LIKELY = {"conference": "likely"}  # the quality service is told by mail


def conference_for(number: int) -> dict[str, str]:
    """What a discussion decides about a conference beside its usual answers."""
    return {0: REQUIRED, 1: LIKELY}.get(number % 3, {})


def follow_up(session: Session, meeting: Meeting, number: int, desk: Actor, at: datetime) -> None:
    """The desk refers for the conference and keeps a date; the first owner reports."""
    for row, child in queries.of_meeting(session, meeting.id):
        child_id = child.id
        if row.conference is Conference.REQUIRED and number % 2:
            _note(session, meeting, child_id, desk, Step.REFERRAL, at, at)
            day = add_working_days(in_london(at).date(), 9)
            date = from_london(datetime.combine(day, time(10)))
            _note(session, meeting, child_id, desk, Step.BOOKING, date, at)
    first = session.execute(
        select(Action, Invitee)
        .join(Invitee, Invitee.id == Action.owner_id)
        .where(Action.meeting_id == meeting.id)
        .order_by(Action.id)
        .limit(1)
    ).first()
    if first is not None and number % 2:
        action, owner = first
        words = "Done this afternoon; what was said is written down and with the social worker."
        who = guest(owner.agency_name)
        reported(session, who, meeting.ref, action, ActionState.DONE, words, action.version, at)


def _note(
    session: Session,
    meeting: Meeting,
    child_id: int,
    desk: Actor,
    step: Step,
    when: datetime,
    at: datetime,
) -> None:
    rows = {child.id: row for row, child in queries.of_meeting(session, meeting.id)}
    version = rows[child_id].version
    service.note(session, desk, meeting, child_id, step, Noted(when), version, at)
