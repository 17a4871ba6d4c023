"""Discussions that are ready to be signed, signed ones, and the authority's seal."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role, StaffMember
from app.core.config import Settings
from app.meetings.discussion import rules
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.models import Action, Entry
from app.meetings.discussion.queries import children_of, entries_of
from app.meetings.discussion.snapshots import circumstances_of
from app.meetings.discussion.types import MEETING, Kind, child_scope, person_scope
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, Attendance, MeetingState
from app.protocols.exchange import restore, snapshot
from app.protocols.rules import clocks
from app.protocols.types import Facts
from app.records import rules as record_rules
from app.records import service
from app.records.document.seal import Sealer
from app.records.models import RecordVersion
from app.records.sealing import ensure_example_seal, sealer_of
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_meeting, shipped_protocols

ADDRESS_CANARY = "12 Sycamore Close"
REFERRER_CANARY = "Head of Year"
HEALTH_CANARY = "lithium since March"
CANARIES = (ADDRESS_CANARY, REFERRER_CANARY, HEALTH_CANARY)
LONG_TEXT = "The school described what was seen on that day, and what was said by whom. "


def as_member(staff: Staff) -> StaffMember:
    """Somebody from the table as the one who is signed in."""
    return StaffMember(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        roles=frozenset(role.role for role in staff.roles),
        session_id=0,
        last_seen_at=FRIDAY,
        reauthenticated_at=FRIDAY,
        token="none",
    )


def a_sealer(settings: Settings) -> Sealer:
    """The key of this test's own example area."""
    ensure_example_seal(settings, "Ashford Vale Council", FRIDAY)
    return sealer_of(settings)


def write(session: Session, meeting: Meeting, scope: str, field: str, value: str) -> None:
    """Put words into a field of the chair's page."""
    entry = Entry(
        meeting_id=meeting.id,
        scope=scope,
        field=field,
        value=value,
        version=1,
        written_by_id=meeting.chair_id or 0,
        written_at=FRIDAY,
    )
    session.add(entry)
    session.flush()


def make_ended(
    session: Session,
    *,
    invitees: int = 4,
    children: int = 2,
    start: datetime | None = None,
    complete: bool = True,
    words: int = 1,
) -> Meeting:
    """A discussion that has ended, with everything that sign-off asks for unless told otherwise.

    Invitees are the chair, police, health and school; the last one was absent. `words` makes the
    record long.
    """
    meeting = make_meeting(
        session, MeetingState.ENDED, invitees=invitees, children=children, start=start
    )
    assert meeting.ended_at is not None
    _run_record_clock(meeting)
    if not complete:
        return meeting
    for one in meeting.invitees:
        one.attendance = Attendance.BY_PHONE
        text = f"What {one.agency_name} knows. " + LONG_TEXT * words
        write(session, meeting, person_scope(one.id), "information", text)
    meeting.invitees[-1].attendance = Attendance.ABSENT
    health = meeting.invitees[2] if invitees > 2 else meeting.invitees[0]
    entries = {(e.scope, e.field): e for e in session.query(Entry).filter_by(meeting_id=meeting.id)}
    entries[person_scope(health.id), "information"].value = f"Mother takes {HEALTH_CANARY}."
    write(session, meeting, person_scope(health.id), "information.protected", "health_of_others")
    write(session, meeting, MEETING, "dissent_asked", "yes")
    if invitees < 4:
        write(session, meeting, MEETING, "quorum_reason", "Nobody else could be reached in time.")
    write(session, meeting, MEETING, "analysis", "It hangs together. " + LONG_TEXT * words)
    _answer_everything(session, meeting)
    session.add_all(
        make_action(meeting, owner, number) for number, owner in enumerate(meeting.invitees, 1)
    )
    session.flush()
    assert gate_of(session, meeting) == []
    return meeting


def make_action(meeting: Meeting, owner: Invitee, number: int = 1) -> Action:
    return Action(
        meeting_id=meeting.id,
        child_id=None,
        what=f"Do the thing number {number}",
        why="So that nobody is hurt",
        owner_id=owner.id,
        due_at=(meeting.ended_at or FRIDAY) + timedelta(days=number),
        state=ActionState.OPEN,
        progress=None,
        closed_at=None,
        removed_at=None,
        added_by_id=meeting.chair_id or 0,
        added_at=FRIDAY,
        told_at=meeting.ended_at,
    )


def make_signed(
    session: Session, settings: Settings, now: datetime, **how: int
) -> tuple[Meeting, RecordVersion]:
    """A discussion whose chair has just signed the record."""
    meeting = make_ended(session, **how)
    return meeting, sign_as_chair(session, settings, meeting, now)


def sign_as_chair(
    session: Session, settings: Settings, meeting: Meeting, now: datetime
) -> RecordVersion:
    chair = as_member(session.get_one(Staff, meeting.chair_id))
    seen = record_rules.seen_digest(service.draft_of(session, meeting, now))
    version = service.sign(session, chair, meeting, seen, "", a_sealer(settings), now)
    session.flush()
    return version


def make_releaser(session: Session, *roles: Role) -> StaffMember:
    """Somebody who circulates; in a small council also a chair, who may withhold a copy."""
    roles = roles or (Role.ADMINISTRATOR, Role.CHAIR)
    return as_member(make_staff(session, *roles, name="Alex Desk"))


def _answer_everything(session: Session, meeting: Meeting) -> None:
    """Each question that is asked gets its last choice or some words, until none is missing."""
    for child in children_of(session, meeting):
        scope = child_scope(child.id)
        for _ in range(60):
            held = circumstances_of(child, entries_of(session, meeting), frozenset())
            lacking = next(
                (
                    (question, found[0])
                    for question in rules.asked(held)
                    if (found := rules.missing_of(question, held))
                ),
                None,
            )
            if lacking is None:
                break
            question, field = lacking
            value = f"Said about {child.given_name}: {question.label}"
            if field == question.key:
                value = {
                    Kind.CHOICE: question.options[0].value if question.options else "",
                    Kind.MOMENT: "Monday 23 November 2026 at 9:00 am",
                    Kind.WORKING_DAYS: "20",
                }.get(question.kind, value)
            write(session, meeting, scope, field, value)


def _run_record_clock(meeting: Meeting) -> None:
    kept = restore(meeting.clocks)
    facts = Facts(
        received_at=kept.facts.received_at,
        identified_at=kept.facts.identified_at,
        need_identified_at=kept.facts.need_identified_at,
        meeting_ended_at=meeting.ended_at,
    )
    rules_held = shipped_protocols()[kept.protocol_id]
    meeting.clocks = snapshot(rules_held, facts, clocks(rules_held, facts))
