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
from app.protocols.types import Clock, Due, Facts
from app.referrals.models import Referral
from app.referrals.of_meetings import TakesIn
from app.referrals.rating.queries import reopened_at
from app.referrals.rules import facts_since, told_since
from app.referrals.sender import Sender

NOTHING_TO_TAKE = "The deadline is not earlier any more, or somebody has taken it: see below"
# Where a discussion keeps the moments that were put right since it was decided.
_PUT_RIGHT = "put_right"
# In what it keeps as `earlier`: since when the deadline that took its place was noted, where nobody
# took that before it began.
_NOTED_AT = "noted_at"
_AHEAD = (MeetingState.NEEDED, MeetingState.BOOKED)
_TO_CHANGE = (
    select(Meeting)
    .where(Meeting.referral_id == bindparam("referral_id"), Meeting.state.in_(_AHEAD))
    .order_by(Meeting.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def ahead(session: Session, referral_id: int) -> TakesIn:
    """Lock the discussions of a referral that are still to be held, before the referral changes
    and the audit is written; what comes back notes on each what was put right of the moments that
    it counts from, and whether it is due sooner by what the referral says then."""
    found = list(session.execute(_TO_CHANGE, {"referral_id": referral_id}).scalars())
    before = _of_referral(session, referral_id) if found else None

    def act(actor: Actor, now: datetime) -> None:
        for meeting in found:
            if before is not None:
                _note_put_right(session, meeting, referral_id, before)
            note_sooner(session, actor, meeting, now)

    return act


def panel(session: Session, meeting: Meeting, now: datetime) -> DeadlinePanel | None:
    """The earlier deadline with its rule and reason, until it is taken (B2)."""
    due = sooner_due(session, meeting)
    return deadline_panel(due, now) if due is not None else None


def sooner_due(session: Session, meeting: Meeting) -> Due | None:
    """The earlier deadline, until it is taken."""
    if meeting.sooner_due_at is None or meeting.state not in _AHEAD:
        return None
    found = _sooner(session, meeting)
    return found.due if found is not None else None


def take(session: Session, staff: StaffMember, ref: str, sender: Sender, now: datetime) -> Meeting:
    """The chair takes the earlier deadline. The discussion keeps what it was decided on as
    `earlier` (B1). The manager is told where the time that is booked comes after it (C7). Raises
    Refused where there is none."""
    meeting = queries.meeting_for_change(session, ref)
    ahead = meeting is not None and meeting.state in _AHEAD
    found = _sooner(session, meeting) if meeting is not None and ahead else None
    if meeting is None or found is None:
        raise Refused("page", NOTHING_TO_TAKE)
    start = meeting.starts_at
    _take(session, staff.actor, meeting, found, now)
    # Why it could not be before the old deadline says nothing about this one.
    meeting.late_reason = None
    if start is not None and is_late(start, meeting.due_at):
        tell_manager(session, meeting, sender, now)
    return meeting


def hold_by_earlier(
    session: Session, actor: Actor, meeting: Meeting, started_at: datetime, now: datetime
) -> None:
    """A locked discussion begins, or is written down as begun at that moment: whether it is late is
    told by the earlier deadline that was noted until then, also where nobody has taken it. Called
    before its state changes."""
    noted_at = meeting.sooner_noted_at
    if meeting.sooner_due_at is None or noted_at is None or noted_at > started_at:
        return
    found = _sooner(session, meeting)
    if found is not None:
        _take(session, actor, meeting, found, now)
        held = {**meeting.clocks["earlier"], _NOTED_AT: noted_at.isoformat()}
        meeting.clocks = {**meeting.clocks, "earlier": held}
        session.flush()


def began_at_another_time(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> bool:
    """When a locked discussion began was put right: it is measured by what was noted until then,
    as if it had been written so at once. Returns whether its deadline is another for that; what
    its clocks keep of the record is to be worked out anew then."""
    began = meeting.started_at
    before = meeting.clocks.get("earlier", {})
    if began is None:
        return False
    if meeting.sooner_noted_at is not None:
        hold_by_earlier(session, actor, meeting, began, now)
        return meeting.sooner_noted_at is None
    noted_at = before.get(_NOTED_AT)
    if noted_at is None or datetime.fromisoformat(noted_at) <= began:
        return False
    # Nobody knew of it yet when it began.
    meeting.sooner_due_at, meeting.sooner_noted_at = (
        meeting.due_at,
        datetime.fromisoformat(noted_at),
    )
    kept = {name: value for name, value in before.items() if name != _NOTED_AT}
    due = restore(kept).clocks.get(Clock.STRATEGY_DISCUSSION)
    meeting.clocks = kept
    meeting.due_at = due.due_at if isinstance(due, Due) else None
    meeting.limit_at = limit_of(due) if isinstance(due, Due) else None
    session.flush()
    record(
        session, actor, "deadline of before holds again", Subject("meeting", meeting.ref), now,
        {"due_at": meeting.due_at.isoformat() if meeting.due_at else None},
    )  # fmt: skip
    return True


def note_sooner(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Note on a locked discussion that is still to be held whether it is due sooner by what is said
    of its case now; of one that has begun, what was noted stays."""
    if meeting.state not in _AHEAD:
        return
    found = _sooner(session, meeting)
    due_at = found.due.due_at if found else None
    if due_at == meeting.sooner_due_at:
        return
    # Since an earlier one was known at all: putting it right again takes nothing of that back.
    noted_at = meeting.sooner_noted_at or now
    meeting.sooner_due_at, meeting.sooner_noted_at = due_at, noted_at if due_at else None
    session.flush()
    record(
        session, actor, "deadline may be earlier", Subject("meeting", meeting.ref), now,
        {"due_at": due_at.isoformat() if due_at else None},
    )  # fmt: skip


def _sooner(session: Session, meeting: Meeting) -> rules.Sooner | None:
    said = _said(session, meeting)
    if said is None:
        return None
    protocol, kept = active(council(session).protocol_id), restore(meeting.clocks).facts
    found = rules.sooner(protocol, kept, said, meeting.due_at, _corrected(meeting))
    if found is None or meeting.referral_id is None:
        return found
    dues = told_since(found.dues, reopened_at(session, meeting.referral_id))
    due = dues[found.due.clock]
    return rules.Sooner(due, found.facts, dues) if isinstance(due, Due) else found


def _take(
    session: Session, actor: Actor, meeting: Meeting, found: rules.Sooner, now: datetime
) -> None:
    before, protocol = meeting.due_at, active(council(session).protocol_id)
    meeting.clocks = {
        **snapshot(protocol, found.facts, found.dues), "earlier": dict(meeting.clocks)
    }  # fmt: skip
    meeting.due_at, meeting.limit_at = found.due.due_at, limit_of(found.due)
    meeting.sooner_due_at = meeting.sooner_noted_at = None
    session.flush()
    record(
        session, actor, "earlier deadline taken", Subject("meeting", meeting.ref), now,
        {
            "due_at": found.due.due_at.isoformat(),
            "before": before.isoformat() if before else None,
            "rule": found.due.rule,
        },
    )  # fmt: skip


def _note_put_right(session: Session, meeting: Meeting, referral_id: int, before: Facts) -> None:
    """Beside the facts that it was decided on, which stay (B1)."""
    held = _corrected(meeting)
    kept = rules.with_moments(restore(meeting.clocks).facts, held)
    fresh = rules.put_right(kept, before, _of_referral(session, referral_id))
    if fresh:
        corrected = {name: at.isoformat() for name, at in (held | fresh).items()}
        meeting.clocks = {**meeting.clocks, _PUT_RIGHT: corrected}


def _corrected(meeting: Meeting) -> dict[str, datetime]:
    held: dict[str, str] = meeting.clocks.get(_PUT_RIGHT, {})
    return {name: datetime.fromisoformat(at) for name, at in held.items()}


def _said(session: Session, meeting: Meeting) -> Facts | None:
    """What its referral says, or what is kept of its open case; None where nobody said so yet."""
    if meeting.referral_id is not None:
        return _of_referral(session, meeting.referral_id)
    kept = open_case_of(session, meeting)
    return open_cases.facts_of(about_of(kept)) if kept is not None else None


def _of_referral(session: Session, referral_id: int) -> Facts:
    return facts_since(session.get_one(Referral, referral_id), reopened_at(session, referral_id))
