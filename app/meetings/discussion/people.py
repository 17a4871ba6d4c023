"""Who is here, who dialled in, who disagrees (E1, E4, D3)."""

from __future__ import annotations

import zlib
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.queries import history
from app.audit.service import record
from app.audit.types import Actor, ActorKind, Subject
from app.core.refusal import Refused
from app.meetings.discussion import queries, rules
from app.meetings.discussion.models import Dissent
from app.meetings.discussion.types import (
    Conflict,
    DissentOrder,
    Merge,
    Newcomer,
    Saved,
    person_scope,
)
from app.meetings.escalation import service as escalation
from app.meetings.models import Invitee, Meeting
from app.meetings.standing import invitees_here
from app.meetings.types import Answer, Attendance

ATTENDANCE = "attendance"
ATTENDED_NAME = "attended_name"
ATTENDED_ROLE = "attended_role"
LOOKED_BACK = 200  # rows of the audit: two who clash wrote moments ago
PERSON_FIELDS = frozenset({ATTENDANCE, ATTENDED_NAME, ATTENDED_ROLE})


def save_person_field(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    scope: str,
    field: str,
    value: str,
    base_version: int,
    now: datetime,
) -> Saved | Conflict:
    """One of PERSON_FIELDS, as the page sends it, on top of the `text_version` the page had.

    Raises Refused as `set_attendance` and `set_attended` do.
    """
    rules.check_writable(meeting.state)
    invitee = _held(session, _invitee_in_scope(meeting, scope))
    current = _kept(invitee, field)
    version = text_version(current)
    if field == ATTENDANCE:
        if not value:  # nothing was picked: a radio cannot be emptied
            return Saved(version, current)
        _attendance(value)
    # What the page started from is known only where it sends that back.
    base = value if text_version(value) == base_version else None
    match rules.merge(version, current, base_version, base, value):
        case Merge.SAME | Merge.UNTOUCHED:
            return Saved(version, current)
        case Merge.CONFLICT:
            who, at = _wrote_last(session, meeting, invitee.id, field)
            return Conflict(version, current, value, who or "Somebody else", at or now)
        case Merge.WRITE if field == ATTENDANCE:
            set_attendance(session, actor, meeting, invitee.id, _attendance(value), now)
        case Merge.WRITE:
            set_attended(session, actor, meeting, invitee.id, field, value, now)
    return Saved(text_version(value), value)


_NOTED = {ATTENDANCE: "noted attendance"}
_NAMED = "named who took part"


def _wrote_last(
    session: Session, meeting: Meeting, invitee_id: int, field: str
) -> tuple[str, datetime | None]:
    """Who noted how somebody takes part, or who they are, and when: these have no entry of their
    own, so the audit tells. Empty where it says nothing, as for what came by the link."""
    for entry in history(session, "meeting", meeting.ref, LOOKED_BACK):
        about = entry.details.get("invitee") == invitee_id
        said = field == ATTENDANCE or entry.details.get("field") == field
        if about and said and entry.action == _NOTED.get(field, _NAMED):
            return entry.actor_label, entry.at
    return "", None


def _kept(invitee: Invitee, field: str) -> str:
    if field == ATTENDANCE:
        return invitee.attendance.value if invitee.attendance else ""
    return (invitee.attended_name if field == ATTENDED_NAME else invitee.attended_role) or ""


def kept_of_people(meeting: Meeting) -> dict[tuple[str, str], str]:
    """What stands in PERSON_FIELDS, by scope and field, as the page sends it."""
    return {
        (person_scope(one.id), field): _kept(one, field)
        for one in meeting.invitees
        for field in PERSON_FIELDS
    }


def set_attendance(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    invitee_id: int,
    attendance: Attendance,
    now: datetime,
) -> None:
    """Who is here, and how (E1), whatever was noted before; the audit keeps each.

    Raises Refused for somebody who is not invited, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    invitee = _held(session, invitee_of(meeting, invitee_id))
    if invitee.attendance is attendance:
        return
    before, invitee.attendance = invitee.attendance, attendance
    note(
        session,
        actor,
        "noted attendance",
        meeting,
        now,
        invitee=invitee.id,
        attendance=attendance.value,
        before=before.value if before else None,
    )


def set_attended(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    invitee_id: int,
    field: str,
    value: str,
    now: datetime,
) -> None:
    """Who sat behind a team's address: name or role (D3).

    Raises Refused for somebody who is not invited, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    invitee = _held(session, invitee_of(meeting, invitee_id))
    if len(value) > rules.LONGEST_LINE:
        raise Refused("page", f"Shorten this to {rules.LONGEST_LINE} characters or fewer")
    if field == ATTENDED_NAME:
        invitee.attended_name = value or None
    else:
        invitee.attended_role = value or None
    note(session, actor, "named who took part", meeting, now, invitee=invitee.id, field=field)


def text_version(text: str) -> int:
    """A version made of the text itself, for what has no entry of its own; 0 for nothing."""
    return zlib.crc32(text.encode())


def add_person(
    session: Session, actor: Actor, meeting: Meeting, newcomer: Newcomer, now: datetime
) -> Invitee:
    """Somebody dialled in who was not invited: from now on an invitee like the others (E1).

    Their invitation and link are made when a message goes to them. Raises Refused without a name
    or an agency, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    if not newcomer.name:
        raise Refused("name", "Enter the name of the person who joined")
    if not newcomer.agency_name:
        raise Refused("agency_name", "Enter the agency they speak for")
    invitee = Invitee(
        meeting_id=meeting.id,
        name=newcomer.name,
        title=newcomer.title or newcomer.role.label,
        role=newcomer.role,
        agency_name=newcomer.agency_name,
        agency_kind=newcomer.agency_kind,
        email=newcomer.email or None,
        is_team=False,
        decision_maker=newcomer.decision_maker,
        why="Joined during the discussion",
        invited_at=now,
        joined=True,
        links_withdrawn_at=meeting.links_withdrawn_from(newcomer.email),
        answer=Answer.NONE,
        attendance=newcomer.attendance,
    )
    meeting.invitees.append(invitee)
    session.flush()
    note(
        session,
        actor,
        "added somebody who joined",
        meeting,
        now,
        invitee=invitee.id,
        agency=newcomer.agency_kind.value,
    )
    return invitee


def is_newcomer(invitee: Invitee) -> bool:
    """Whether somebody was added during the discussion, and nothing was sent to them yet."""
    return invitee.joined and invitee.invitation_id is None


def take_off(
    session: Session, actor: Actor, meeting: Meeting, invitee_id: int, now: datetime
) -> None:
    """Take somebody off the list who was added during the discussion by mistake: they did not
    take part and get no record. The row stays, marked. The discussion is given as
    `queries.meeting_to_change` reads it, alone: nobody writes of them in the same moment.

    Raises Refused for anybody else, for somebody who owns an action, disagreed, or of whose
    information something is written, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    invitee = _held(session, invitee_of(meeting, invitee_id))
    if not is_newcomer(invitee):
        raise Refused("page", f"{invitee.name} was invited: note how they took part instead")
    scope = person_scope(invitee.id)
    written = queries.entries_of(session, meeting).items()
    if any(one.owner_id == invitee.id for one in queries.actions_of(session, meeting)):
        raise Refused("page", f"{invitee.name} owns an action: give it to somebody else first")
    if any(one.invitee_id == invitee.id for one in queries.dissents_of(session, meeting)):
        raise Refused("page", f"{invitee.name} is noted as disagreeing: strike that first")
    if any(place == scope and entry.value for (place, _field), entry in written):
        raise Refused("page", f"Something is written of what {invitee.name} said: clear it first")
    invitee.removed_at, invitee.removed_reason = now, "Added by mistake"
    note(session, actor, "took off somebody added by mistake", meeting, now, invitee=invitee.id)


def add_dissent(
    session: Session, actor: Actor, meeting: Meeting, order: DissentOrder, now: datetime
) -> Dissent:
    """Who disagrees, with what and why (E4; IMAP 9). Part of the record; opens the ladder.

    Raises Refused without a person, a subject or a reason, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    invitee = invitee_of(meeting, order.invitee_id, field="who")
    if not order.what:
        raise Refused("what", "Say what they disagree with")
    if not order.why:
        raise Refused("why", "Say why they disagree")
    dissent = Dissent(
        meeting_id=meeting.id,
        invitee_id=invitee.id,
        what=order.what,
        why=order.why,
        recorded_by_id=staff_id_of(actor),
        recorded_at=now,
    )
    session.add(dissent)
    session.flush()
    escalation.open_for(session, meeting, dissent, now)
    note(session, actor, "recorded dissent", meeting, now, invitee=invitee.id)
    return dissent


def invitee_of(meeting: Meeting, invitee_id: int | None, field: str = "page") -> Invitee:
    """An invitee who was not removed. Raises Refused on `field`."""
    for invitee in invitees_here(meeting.invitees):
        if invitee.id == invitee_id:
            return invitee
    raise Refused(field, "Choose one of the people of this discussion")


def _held(session: Session, invitee: Invitee) -> Invitee:
    """Read anew and locked: they may answer by their link in the same moment."""
    session.refresh(invitee, with_for_update=True)
    return invitee


def staff_id_of(actor: Actor) -> int:
    """The member of staff who acts. Raises ValueError for anybody else: a fault of the caller."""
    if actor.kind is not ActorKind.STAFF or actor.id is None:
        raise ValueError("the chair's page is written by staff alone")
    return actor.id


def _invitee_in_scope(meeting: Meeting, scope: str) -> Invitee:
    kind, _, number = scope.partition(":")
    return invitee_of(meeting, int(number) if kind == "invitee" and number.isdecimal() else None)


def _attendance(value: str) -> Attendance:
    try:
        return Attendance(value)
    except ValueError as error:
        raise Refused("page", "Choose how this person took part") from error


def note(
    session: Session,
    actor: Actor,
    action: str,
    meeting: Meeting,
    now: datetime,
    **details: object,
) -> None:
    """One row of the audit about this discussion: ids, states and field names, no content."""
    record(session, actor, action, Subject("meeting", meeting.ref), now, details)
