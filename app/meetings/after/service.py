"""Following what a discussion decided, to the end (F8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings.after import queries, rules
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import (
    Conference,
    ConferenceOutcome,
    Decided,
    EnquiryOutcome,
    Noted,
    Standing,
    Step,
)
from app.meetings.discussion.queries import entries_of
from app.meetings.discussion.snapshots import answers_in
from app.meetings.discussion.types import child_scope
from app.meetings.models import Meeting
from app.protocols import registry
from app.protocols.exchange import restore, snapshot
from app.protocols.rules import clocks
from app.protocols.types import Clock, ClockError, Due, Facts, Protocol

CLOCKS = (Clock.ICPC_REFERRAL, Clock.ICPC_HELD, Clock.ASSESSMENT)


def follow(session: Session, meeting: Meeting) -> None:
    """Take what a discussion that has ended decided for each child as what has to follow.

    Called when it ends, when an answer is changed after that, and when its record is signed; what
    was noted since stays. Sources: BROMLEY 1-3.
    """
    if meeting.ended_at is None:
        return
    session.flush()
    # Two people may write at once: whoever comes second reads what the first has written.
    there = queries.rows_of(session, meeting.id)
    entries = entries_of(session, meeting)
    for child in meeting.children:
        decided = rules.decided_in(
            answers_in(entries, child_scope(child.child_id)), meeting.ended_at
        )
        row = there.get(child.child_id)
        if row is None:
            row = ChildAfter(
                meeting_id=meeting.id,
                child_id=child.child_id,
                conference_decided_later=False,
                enquiry_outcome=None,
                icpc_held_at=None,
                quality_told_at=None,
                review_held_at=None,
                icpc_referred_at=None,
                icpc_booked_for=None,
                assessment_completed_at=None,
            )
        _take_over(session, meeting, row, decided)
        _work_out(session, meeting, row)
        session.add(row)
    session.flush()


def note(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    child_id: int,
    step: Step,
    noted: Noted,
    version: int,
    now: datetime,
) -> None:
    """Note that a step was done, or put right what was noted before (F8).

    `meeting` is locked; `version` is that of the row the page showed. An enquiry that ends with a
    child at continuing risk requires a conference at that moment. Raises Refused (fields `page`,
    `at`, `choice`, `reason`).
    """
    row = queries.rows_of(session, meeting.id).get(child_id)
    if row is None or meeting.ended_at is None:
        raise Refused("page", "The discussion has not ended yet")
    if row.version != version:
        raise Refused("page", "Somebody noted something meanwhile: read it below, then send yours")
    rules.check_noted(step, noted, standing_of(row, meeting.ended_at), now)
    _write(row, step, noted)
    _work_out(session, meeting, row)
    session.flush()
    record(
        session, actor, step.done, Subject("meeting", meeting.ref), now,
        {"step": step.value, "child": child_id, "at": noted.at.isoformat(),
         **({"choice": noted.choice} if noted.choice else {})},
    )  # fmt: skip


def standing_of(row: ChildAfter, ended_at: datetime) -> Standing:
    """A row as the rules look at it."""
    return Standing(
        ended_at=ended_at,
        enquiry_runs=row.enquiry_runs,
        enquiry_outcome=row.enquiry_outcome,
        conference=row.conference,
        quality_told_at=row.quality_told_at,
        icpc_referred_at=row.icpc_referred_at,
        icpc_booked_for=row.icpc_booked_for,
        icpc_held_at=row.icpc_held_at,
        assessment_runs=row.assessment_runs,
        assessment_completed_at=row.assessment_completed_at,
        review_at=row.review_at,
        review_held_at=row.review_held_at,
        icpc_referral_due_at=row.icpc_referral_due_at,
        icpc_due_at=row.icpc_due_at,
        assessment_due_at=row.assessment_due_at,
    )


def _take_over(session: Session, meeting: Meeting, row: ChildAfter, decided: Decided) -> None:
    row.enquiry_runs = decided.enquiry_runs
    row.section47_started_at = None
    if decided.started_here:
        row.section47_started_at = meeting.started_at
    elif decided.enquiry_runs:
        row.section47_started_at = queries.enquiry_before(session, meeting.id, row.child_id)
    if not row.conference_decided_later and row.icpc_held_at is None:
        row.conference = decided.conference
        required = decided.conference is Conference.REQUIRED
        # What a discussion decides is decided when it ends.
        row.icpc_decided_at = meeting.ended_at if required else None
    row.quality_told_at = row.quality_told_at or decided.quality_told_at
    row.assessment_days = decided.assessment_days
    row.assessment_runs = decided.enquiry_runs or decided.assessment_days is not None
    if row.review_held_at is None:
        row.review_at = decided.review_at


def _write(row: ChildAfter, step: Step, noted: Noted) -> None:
    match step:
        case Step.QUALITY:
            row.quality_told_at = noted.at
        case Step.CONFERENCE:
            _decide(row, Conference(noted.choice), noted.at, noted.reason)
        case Step.REFERRAL:
            row.icpc_referred_at = noted.at
        case Step.BOOKING:
            row.icpc_booked_for = noted.at
            late = rules.is_after_limit(noted.at, row.icpc_due_at)
            row.icpc_late_reason = noted.reason if late else None
        case Step.HELD:
            row.icpc_held_at, row.icpc_outcome = noted.at, ConferenceOutcome(noted.choice)
        case Step.ENQUIRY:
            row.enquiry_outcome = EnquiryOutcome(noted.choice)
            row.enquiry_ended_at, row.enquiry_reason = noted.at, noted.reason
            at_risk = row.enquiry_outcome is EnquiryOutcome.CONTINUING_RISK
            if at_risk and row.conference is not Conference.REQUIRED:
                _decide(row, Conference.REQUIRED, noted.at, noted.reason)
        case Step.ASSESSMENT:
            row.assessment_completed_at = noted.at
        case Step.REVIEW:
            row.review_held_at = noted.at


def _decide(row: ChildAfter, conference: Conference, at: datetime, reason: str) -> None:
    row.conference, row.conference_reason, row.conference_decided_later = conference, reason, True
    row.conference_decided_at = at
    row.icpc_decided_at = at if conference is Conference.REQUIRED else None


def _work_out(session: Session, meeting: Meeting, row: ChildAfter) -> None:
    """Its limits by the discussion's protocol, and what comes next."""
    assert meeting.ended_at is not None
    protocol = _protocol_of(session, meeting)
    facts = _facts_of(meeting.clocks, row)
    dues = {clock: due for clock, due in clocks(protocol, facts).items() if clock in CLOCKS}
    row.clocks = snapshot(protocol, facts, dues)
    row.icpc_referral_due_at = _due(dues, Clock.ICPC_REFERRAL)
    row.icpc_due_at = _due(dues, Clock.ICPC_HELD)
    limit = dues.get(Clock.ASSESSMENT)
    start = limit.start_at if isinstance(limit, Due) else meeting.ended_at
    row.assessment_due_at = rules.assessment_due(
        _due(dues, Clock.ASSESSMENT), row.assessment_days, start
    )
    waiting = rules.pending(standing_of(row, meeting.ended_at))
    row.next_step = waiting[0].step if waiting else None
    row.next_due_at = waiting[0].due_at if waiting else None


def _due(dues: Mapping[Clock, Due | ClockError], clock: Clock) -> datetime | None:
    found = dues.get(clock)
    return found.due_at if isinstance(found, Due) else None


def _facts_of(kept: Mapping[str, object], row: ChildAfter) -> Facts:
    """The discussion's own facts with what is this child's alone."""
    facts = restore(kept).facts if "format" in kept else Facts()
    return replace(
        facts,
        section47_started_at=row.section47_started_at,
        icpc_decided_at=row.icpc_decided_at,
    )


def _protocol_of(session: Session, meeting: Meeting) -> Protocol:
    kept = meeting.clocks.get("protocol", {}).get("id", "")
    try:
        return registry.active(kept)
    except registry.UnknownProtocol:
        return registry.active(council(session).protocol_id)
