"""A discussion is needed, starts this minute, or was held already (B1, B2, A11, C11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role, StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.meetings import queries
from app.meetings.booking.people import add_chair, add_person
from app.meetings.booking.queries import case_facts
from app.meetings.booking.slots import format_for
from app.meetings.booking.types import Chair, Chosen, TypedPerson
from app.meetings.discussion.questions import START_REASON
from app.meetings.discussion.record_clock import record_clock
from app.meetings.discussion.service import save_entry
from app.meetings.discussion.types import MEETING
from app.meetings.joined.service import take_in
from app.meetings.models import Invitee, Meeting, MeetingChild
from app.meetings.need import rules
from app.meetings.need.cases import Case, case_of, case_to_change, said_by
from app.meetings.need.replacing import note_replaced
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.open_case import rules as open_case_rules
from app.meetings.open_case import service as open_case
from app.meetings.open_case.types import About
from app.meetings.restricted import service as restricted
from app.meetings.sooner.service import hold_by_earlier
from app.meetings.types import STARTED_AT_ONCE, Attendance, Format, MeetingState, Route
from app.protocols import registry
from app.protocols.exchange import restore, snapshot
from app.protocols.rules import clocks, limit_of
from app.protocols.types import Clock, ClockError, Due, Facts, Protocol
from app.referrals import service as referral_service
from app.referrals.rules import told_since
from app.referrals.sender import Sender
from app.referrals.types import Outcome

SPOKEN_TO = "Took part in a discussion that was recorded afterwards."
RUNG_AT_ONCE = "Asked at once, when the discussion was started."


def decide_needed(
    session: Session,
    staff: StaffMember,
    occasion: Occasion,
    reason: str,
    decided_at: datetime,
    now: datetime,
) -> Meeting:
    """The manager decides that a strategy discussion is needed (BROMLEY 1).

    Its clocks are worked out by the active protocol and kept with it: protocol, version, facts
    and reasons (B1). Raises Refused by the field, NoSuchReferral. Consent is checked as for any
    outcome (A4; IMAP 3).
    """
    if not reason:
        raise Refused("reason", "Say why a strategy discussion is needed")
    case = case_to_change(session, occasion, decided_at)
    if case.referral is None:
        open_case_rules.check_whole(occasion.about or About(), now)
    received = case.referral.received_at if case.referral and case.is_first else None
    rules.check_decided_at(decided_at, now, received)
    if case.referral is not None:
        waiting = queries.waiting_of_referral(session, case.referral.id)
        if waiting is not None:
            raise Refused(
                "reason", f"A strategy discussion is waiting to be booked already: {waiting.ref}"
            )
        _decide_referral(session, staff, case, reason, decided_at, now)
    meeting = _new(session, staff, case, occasion, reason, decided_at, now)
    _audit(session, staff, meeting, "strategy discussion needed", now)
    return meeting


def start_now(
    session: Session,
    staff: StaffMember,
    occasion: Occasion,
    given: Started,
    sender: Sender,
    now: datetime,
) -> Meeting:
    """The discussion begins this minute: no slot, no line, no invitation (C11; TIMING).

    Nothing that is missing, late or taken stands in its way; who took part, and why, is asked
    for afterwards. One that was waiting to be booked becomes this one. Who starts it may see the
    case from then on, to finish it.
    """
    case = case_to_change(session, occasion, now)
    if case.referral is not None:
        restricted.admit_holder(session, staff.actor, case.referral, sender, now)
    meeting = _waiting(session, case)
    if meeting is None:
        _decide_referral(session, staff, case, given.reason or STARTED_AT_ONCE, now, now)
        meeting = _new(session, staff, case, occasion, given.reason or STARTED_AT_ONCE, now, now)
    else:
        take_in(session, staff.actor, meeting, now)
        hold_by_earlier(session, staff.actor, meeting, now, now)
        if given.reason:
            _keep_reason(session, staff, meeting, given.reason, now)
    meeting.state, meeting.route = MeetingState.UNDER_WAY, Route.STARTED_NOW
    meeting.format, meeting.place = given.format, given.place or None
    meeting.typed_dial_in = given.dial_in or None
    meeting.started_at = now
    meeting.chair_id = staff.id
    chair = _take_the_chair(session, meeting, staff, now)
    chair.attendance = _here(given.format)
    for professional_id in dict.fromkeys(given.professional_ids):
        chosen = Chosen(why=RUNG_AT_ONCE, professional_id=professional_id)
        add_person(session, meeting, chosen, now, invite=False)
    _audit(session, staff, meeting, "discussion started at once", now)
    return meeting


def record_held(
    session: Session,
    staff: StaffMember,
    occasion: Occasion,
    given: HeldAlready,
    sender: Sender,
    now: datetime,
) -> Meeting:
    """Write down a discussion that was held already (C11; DERBY 4.11).

    Its record's clock runs from when it ended. Raises Refused for times that cannot be, without
    the reason, and where nobody beside the chair took part.
    """
    rules.check_held(given.started_at, given.ended_at, now)
    if not given.reason:
        raise Refused("reason", "Say why the discussion was held")
    if not given.people:
        raise Refused("people", "Say who took part")
    case = case_to_change(session, occasion, given.started_at)
    if case.referral is not None:
        restricted.admit_holder(session, staff.actor, case.referral, sender, now)
    meeting = _waiting(session, case)
    decided_at = min(given.started_at, now)
    if meeting is None:
        _decide_referral(session, staff, case, given.reason, decided_at, now)
        meeting = _new(session, staff, case, occasion, given.reason, decided_at, now)
    else:
        take_in(session, staff.actor, meeting, now)
        hold_by_earlier(session, staff.actor, meeting, given.started_at, now)
        _keep_reason(session, staff, meeting, given.reason, now)
    meeting.state, meeting.route = MeetingState.ENDED, Route.ALREADY_HELD
    meeting.format, meeting.place = given.format, given.place or None
    meeting.started_at, meeting.ended_at = given.started_at, given.ended_at
    meeting.chair_id = staff.id
    kept = record_clock(meeting.clocks, _protocol(session), given.ended_at)
    meeting.record_due_at, meeting.clocks = kept.due_at, kept.kept
    chair = _take_the_chair(session, meeting, staff, now)
    chair.attendance = _here(given.format)
    for present in given.people:
        _add_present(session, meeting, present, now)
    _audit(session, staff, meeting, "discussion recorded that was already held", now)
    return meeting


def expected_due(
    session: Session, occasion: Occasion, decided_at: datetime
) -> Due | ClockError | None:
    """The deadline that a decision at this moment would set, to be shown before it is taken."""
    case = case_of(session, occasion, decided_at)
    facts = _facts(case, occasion, decided_at)
    dues = told_since(clocks(_protocol(session), facts), case.reopened_at)
    return dues.get(Clock.STRATEGY_DISCUSSION)


def in_place_of(session: Session, occasion: Occasion, decided_at: datetime) -> Meeting | None:
    """The cancelled discussion whose deadline runs on for the next one, decided then, or None."""
    cancelled = case_of(session, occasion, decided_at).cancelled
    if cancelled is None:
        return None
    facts = restore(cancelled.clocks).facts
    return cancelled if rules.runs_on(facts, occasion.information_at) else None


def _waiting(session: Session, case: Case) -> Meeting | None:
    """A discussion of the referral that waits to be booked: it is the one that now takes place.

    A booked one stays as it is; more than one discussion may be necessary (TIMING).
    """
    if case.referral is None:
        return None
    return queries.waiting_of_referral(session, case.referral.id)


def _keep_reason(
    session: Session, staff: StaffMember, meeting: Meeting, reason: str, now: datetime
) -> None:
    """The manager's reason for the discussion stays; why it took place at once stands beside it."""
    save_entry(session, staff.actor, meeting, MEETING, START_REASON.key, reason, 0, now)


def _decide_referral(
    session: Session,
    staff: StaffMember,
    case: Case,
    reason: str,
    decided_at: datetime,
    now: datetime,
) -> None:
    referral = case.referral
    if referral is None:
        return
    need = referral.need_identified_at
    if need is None or (case.anew_at is not None and need < case.anew_at):
        referral.need_identified_at = decided_at
    if referral.outcome is not Outcome.STRATEGY_DISCUSSION:
        outcome = Outcome.STRATEGY_DISCUSSION
        # Not before it came in, or was decided last: the call may be older than what is written.
        last = case.decided_at or case.reopened_at or referral.received_at
        at = min(max(decided_at, last), now)
        referral_service.decide(session, staff.actor, referral, outcome, reason, now, at=at)


def _facts(case: Case, occasion: Occasion, decided_at: datetime) -> Facts:
    return rules.facts_for(
        said_by(case, decided_at),
        is_first=case.is_first,
        decided_at=decided_at,
        information_at=occasion.information_at,
        identified_at=occasion.identified_at,
        cancelled=restore(case.cancelled.clocks).facts if case.cancelled else None,
        open_case=open_case_rules.facts_of(occasion.about) if occasion.about else None,
    )


def _new(
    session: Session,
    staff: StaffMember,
    case: Case,
    occasion: Occasion,
    reason: str,
    decided_at: datetime,
    now: datetime,
) -> Meeting:
    rules.check_not_in_future(
        occasion.information_at, now, "information_at", "When the information arrived"
    )
    rules.check_not_in_future(
        occasion.identified_at, now, "identified_at", "When the concern was identified"
    )
    about = None if case.referral else occasion.about
    if about is not None:
        open_case_rules.check_moments(about, now)
    protocol, facts = _protocol(session), _facts(case, occasion, decided_at)
    dues = told_since(clocks(protocol, facts), case.reopened_at)
    due = dues.get(Clock.STRATEGY_DISCUSSION)
    meeting = Meeting(
        ref=new_reference("SD"),
        referral_id=case.referral.id if case.referral else None,
        state=MeetingState.NEEDED,
        route=Route.BOOKED,
        format=format_for(
            case_facts(session, case.referral.id if case.referral else None, case.child_ids, about)
        ).format,
        need_reason=reason,
        need_decided_by_id=staff.id,
        need_decided_at=facts.need_identified_at or decided_at,
        created_at=now,
        due_at=due.due_at if isinstance(due, Due) else None,
        limit_at=limit_of(due) if isinstance(due, Due) else None,
        clocks=snapshot(protocol, facts, dues),
        chair_id=staff.id if Role.CHAIR in staff.roles else None,
        children=[
            MeetingChild(child_id=child_id, position=position)
            for position, child_id in enumerate(case.child_ids)
        ],
    )
    session.add(meeting)
    session.flush()
    note_replaced(session, meeting, now)
    if about is not None:
        open_case.keep(session, meeting, about)
    if case.referral is None and case.cancelled is not None:
        # Whoever decides or starts this one has to be able to hold it.
        before = case.cancelled
        restricted.take_over(session, staff.actor, before, meeting, now, others=[staff.id])
    return meeting


def _protocol(session: Session) -> Protocol:
    return registry.active(directory.council(session).protocol_id)


def _take_the_chair(
    session: Session, meeting: Meeting, staff: StaffMember, now: datetime
) -> Invitee:
    row = session.get(Staff, staff.id)
    if row is None:
        raise Refused("page", "Your account has ended: sign in again")
    chair = Chair(row.id, row.name, row.email, row.telephone)
    return add_chair(session, meeting, chair, now, invite=False)


def _here(format_: Format) -> Attendance:
    return Attendance.BY_PHONE if format_ is Format.CALL else Attendance.IN_PERSON


def _add_present(session: Session, meeting: Meeting, present: Present, now: datetime) -> None:
    typed = None
    if present.professional_id is None:
        typed = TypedPerson(
            name=present.name,
            title=present.title,
            agency_name=present.agency_name,
            agency_kind=present.agency_kind,
            email=present.email or None,
        )
    chosen = Chosen(
        why=SPOKEN_TO,
        professional_id=present.professional_id,
        typed=typed,
        field=present.field,
    )
    invitee = add_person(session, meeting, chosen, now, invite=False)
    invitee.attendance = present.attendance


def _audit(
    session: Session, staff: StaffMember, meeting: Meeting, action: str, now: datetime
) -> None:
    record(
        session,
        staff.actor,
        action,
        Subject("meeting", meeting.ref),
        now,
        {
            "due_at": meeting.due_at.isoformat() if meeting.due_at else None,
            "protocol": meeting.clocks["protocol"]["id"],
            "version": meeting.clocks["protocol"]["version"],
            "route": meeting.route.value,
            "children": len(meeting.children),
        },
    )
