"""A deadline that has become earlier since the discussion was decided: noted, told and taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings import queries
from app.meetings.booking.service import tell_manager
from app.meetings.booking.slots import is_late
from app.meetings.models import Meeting
from app.meetings.open_case import rules as open_cases
from app.meetings.open_case.queries import about_of, open_case_of
from app.meetings.sooner import rules
from app.meetings.types import MeetingState
from app.protocols.exchange import restore, snapshot
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.protocols.registry import active
from app.protocols.rules import limit_of
from app.protocols.types import Due, Facts
from app.referrals.models import Referral
from app.referrals.of_meetings import TakesIn
from app.referrals.rules import facts_of
from app.referrals.sender import Sender

NOTHING_TO_TAKE = "The deadline is not earlier any more, or somebody has taken it: see below"
_AHEAD = (MeetingState.NEEDED, MeetingState.BOOKED)
_TO_CHANGE = (
    select(Meeting)
    .where(Meeting.referral_id == bindparam("referral_id"), Meeting.state.in_(_AHEAD))
    .order_by(Meeting.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def ahead(session: Session, referral_id: int) -> TakesIn:
    """Lock the discussions of a referral that are still to be held, before the audit is written;
    what comes back notes on each whether it is due sooner by what the referral says then."""
    found = list(session.execute(_TO_CHANGE, {"referral_id": referral_id}).scalars())

    def act(actor: Actor, now: datetime) -> None:
        for meeting in found:
            note_sooner(session, actor, meeting, now)

    return act


def panel(session: Session, meeting: Meeting, now: datetime) -> DeadlinePanel | None:
    """The earlier deadline with its rule and reason, until it is taken (B2)."""
    due = sooner_due(session, meeting)
    return deadline_panel(due, now) if due is not None else None


def sooner_due(session: Session, meeting: Meeting) -> Due | None:
    """The earlier deadline, until it is taken."""
    if meeting.sooner_due_at is None:
        return None
    found = _sooner(session, meeting)
    return found.due if found is not None else None


def take(session: Session, staff: StaffMember, ref: str, sender: Sender, now: datetime) -> Meeting:
    """The chair takes the earlier deadline. The discussion keeps what it was decided on as
    `earlier` (B1). The manager is told where the time that is booked comes after it (C7). Raises
    Refused where there is none."""
    meeting = queries.meeting_for_change(session, ref)
    found = None if meeting is None else _sooner(session, meeting)
    if meeting is None or found is None:
        raise Refused("page", NOTHING_TO_TAKE)
    before, start = meeting.due_at, meeting.starts_at
    protocol = active(council(session).protocol_id)
    meeting.clocks = {
        **snapshot(protocol, found.facts, found.dues), "earlier": dict(meeting.clocks)
    }  # fmt: skip
    meeting.due_at, meeting.limit_at = found.due.due_at, limit_of(found.due)
    meeting.sooner_due_at = None
    session.flush()
    record(
        session, staff.actor, "earlier deadline taken", Subject("meeting", meeting.ref), now,
        {
            "due_at": found.due.due_at.isoformat(),
            "before": before.isoformat() if before else None,
            "rule": found.due.rule,
        },
    )  # fmt: skip
    if start is not None and is_late(start, meeting.due_at) and not is_late(start, before):
        tell_manager(session, meeting, sender, now)
    return meeting


def note_sooner(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Note on a locked discussion that is still to be held whether it is due sooner by what is said
    of its case now; of one that has begun, what was noted stays."""
    if meeting.state not in _AHEAD:
        return
    found = _sooner(session, meeting)
    due_at = found.due.due_at if found else None
    if due_at == meeting.sooner_due_at:
        return
    meeting.sooner_due_at = due_at
    session.flush()
    record(
        session, actor, "deadline may be earlier", Subject("meeting", meeting.ref), now,
        {"due_at": due_at.isoformat() if due_at else None},
    )  # fmt: skip


def _sooner(session: Session, meeting: Meeting) -> rules.Sooner | None:
    said = _said(session, meeting) if meeting.state in _AHEAD else None
    if said is None:
        return None
    protocol = active(council(session).protocol_id)
    return rules.sooner(protocol, restore(meeting.clocks).facts, said, meeting.due_at)


def _said(session: Session, meeting: Meeting) -> Facts | None:
    """What its referral says, or what is kept of its open case; None where nobody said so yet."""
    if meeting.referral_id is not None:
        return facts_of(session.get_one(Referral, meeting.referral_id))
    kept = open_case_of(session, meeting)
    return open_cases.facts_of(about_of(kept)) if kept is not None else None
