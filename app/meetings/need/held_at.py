"""When a discussion that was written down afterwards is said to have begun at another time: the
decision that it was needed is as old as it (C11, B1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.meetings.discussion.record_clock import protocol_of
from app.meetings.models import Meeting
from app.meetings.need import replacing
from app.meetings.types import Route
from app.protocols.exchange import restore, snapshot
from app.protocols.rules import clocks, limit_of
from app.protocols.types import Clock, Due, Facts
from app.referrals.acting import taken_first
from app.referrals.models import Referral
from app.referrals.outcome.moved import decided_at_another_time
from app.referrals.rating.queries import reopened_at
from app.referrals.rules import told_since


def is_decided_by_start(meeting: Meeting, started_at: datetime) -> bool:
    """Whether nobody decided before it began that it was needed."""
    return meeting.route is Route.ALREADY_HELD and meeting.need_decided_at == started_at


def take_referral(session: Session, meeting: Meeting) -> None:
    """Take what `held_at_another_time` changes, before the audit is written."""
    if meeting.referral_id is not None and meeting.route is Route.ALREADY_HELD:
        taken_first(session, meeting.referral_id)


def held_at_another_time(
    session: Session, actor: Actor, meeting: Meeting, was: datetime, now: datetime
) -> None:
    """A discussion that began at `was`, as it was written down, has another start by now. Where
    that stood for the decision too, it moves with it, and the discussion's clocks are worked out
    from there; one that was decided by itself keeps its decision and its deadline."""
    began = meeting.started_at
    if began is None or began == was or not is_decided_by_start(meeting, was):
        return
    referral_id = meeting.referral_id
    referral = session.get_one(Referral, referral_id) if referral_id is not None else None
    reopened = reopened_at(session, referral.id) if referral is not None else None
    meeting.need_decided_at = began
    if referral is not None:
        decided_at_another_time(session, actor, referral, was, began, now)
    session.flush()
    replacing.decided_at_another_time(session, meeting, was, now)
    protocol = protocol_of(meeting)
    if protocol is None or "format" not in meeting.clocks:
        return
    kept = restore(meeting.clocks)
    facts = _moved(kept.facts, was, min(began, reopened) if reopened else began, began)
    dues = {**kept.clocks, **told_since(clocks(protocol, facts), reopened)}
    due = dues.get(Clock.STRATEGY_DISCUSSION)
    meeting.clocks = {**snapshot(protocol, facts, dues), "earlier": dict(meeting.clocks)}
    meeting.due_at = due.due_at if isinstance(due, Due) else None
    meeting.limit_at = limit_of(due) if isinstance(due, Due) else None


def _moved(facts: Facts, was: datetime, received_at: datetime, began: datetime) -> Facts:
    """What was taken to have happened when it began happened at its new start; when a referral
    was opened again after the start that was written down, it counts from then at the latest."""
    return replace(
        facts,
        received_at=received_at if facts.received_at == was else facts.received_at,
        identified_at=began if facts.identified_at == was else facts.identified_at,
        need_identified_at=began if facts.need_identified_at == was else facts.need_identified_at,
    )
