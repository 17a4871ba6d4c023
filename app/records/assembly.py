"""From the discussion as it stands to the record that is signed (F1, F2, BROMLEY 5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.directory.queries import agency, council
from app.meetings.discussion.content import (
    ActionContent,
    ChildContent,
    DecisionContent,
    DiscussionContent,
    DissentContent,
    InformationContent,
    Passage,
    PersonContent,
    QuorumContent,
    content_of,
)
from app.meetings.discussion.rules import listed
from app.meetings.models import Meeting
from app.meetings.queries import referral_of, staff_name, words_of_case
from app.meetings.rules import gives_away
from app.meetings.types import Attendance
from app.protocols.exchange import restore
from app.protocols.types import Clock, Due
from app.records.document.types import (
    Action,
    Analysis,
    Child,
    ClockLine,
    Decision,
    Dissent,
    Information,
    Presence,
    Prose,
    Protected,
    ProtectedKind,
    Quorum,
    Reader,
    Record,
    SignOff,
)
from app.records.document.types import Attendance as AttendanceLine
from app.records.document.types import Meeting as Held
from app.records.ledger import first_circulated
from app.records.queries import invitees_of
from app.records.readers import agency_mark, person_marks, reader_for
from app.records.rules import CHAIR
from app.referrals.models import Referral

CLOCK_NAMES = {
    Clock.STRATEGY_DISCUSSION: "Strategy discussion",
    Clock.RECORD_CIRCULATED: "Record circulated",
}


def record_of(
    session: Session,
    meeting: Meeting,
    sign_off: SignOff,
    number: int,
    correction_reason: str,
    now: datetime,
) -> Record[Protected]:
    """The whole record of a discussion as it stands, for a draft or for sign-off.

    `number` is the version, `correction_reason` empty for the first. A discussion that still runs
    ends, for its draft, at `now`. Raises ValueError for one that has not begun.
    """
    if meeting.started_at is None:
        raise ValueError("a discussion that has not begun has no record")
    said = content_of(session, meeting)
    referral = referral_of(session, meeting)
    clocks = restore(meeting.clocks)
    chair = staff_name(session, meeting.chair_id) or sign_off.name
    people = {one.id: reader_for(one) for one in invitees_of(meeting)}
    return Record(
        reference=meeting.ref,
        version=number,
        authority=council(session).authority,
        meeting=Held(
            started_at=meeting.started_at,
            ended_at=meeting.ended_at or now,
            format=meeting.format.label,
            place=_place(session, meeting, said),
            chair_name=chair,
            chair_role=CHAIR,
        ),
        sign_off=sign_off,
        protocol=clocks.protocol_name,
        protocol_version=clocks.protocol_version,
        clocks=_clocks(session, meeting, now),
        children=tuple(_child(child) for child in said.children),
        attendance=tuple(_attendance(person) for person in said.people),
        quorum=_quorum(said.quorum),
        information=tuple(_information(item) for item in said.information),
        analysis=_analysis(said),
        actions=tuple(_action(action, people[action.owner_id]) for action in said.actions),
        dissent=tuple(_dissent(dissent, people[dissent.invitee_id]) for dissent in said.dissents),
        referrer=_referrer(session, referral) if referral else None,
        correction_reason=correction_reason,
        dissent_not_asked=said.dissent_not_asked or None,
    )


def prose(passage: Passage | None, agency_id: str = "") -> Prose[Protected]:
    """Running text, marked as protected where the chair's page says so (F4)."""
    if passage is None or not passage.text:
        return ()
    if not passage.protects:
        return (passage.text,)
    return (Protected(ProtectedKind(passage.protects), passage.text, agency_id=agency_id),)


def _place(session: Session, meeting: Meeting, said: DiscussionContent) -> str | Protected:
    """Where it was held: protected where it tells where the child lives (D2, F4). That an
    agency took part stands in the record for everybody: its name tells nothing more."""
    place = meeting.place or ""
    names, phrases = words_of_case(session, meeting.id)
    open_anyway = {person.agency_name for person in said.people}
    if gives_away(place, names, [one for one in phrases if one not in open_anyway]):
        return Protected(ProtectedKind.ADDRESS, place)
    return place


def _child(child: ChildContent) -> Child[Protected]:
    return Child(
        name=child.name,
        date_of_birth=child.date_of_birth,
        due_date=child.due_date,
        case_reference=child.case_reference,
        address=Protected(ProtectedKind.ADDRESS, child.address) if child.address else None,
        decisions=tuple(_decision(decision) for decision in child.decisions),
    )


def _decision(decision: DecisionContent) -> Decision[Protected]:
    return Decision(decision.question, decision.answer, prose(decision.reason), decision.headline)


def _attendance(person: PersonContent) -> AttendanceLine:
    presence = {
        None: Presence.NOT_KNOWN if person.not_known else Presence.ABSENT,
        Attendance.IN_PERSON: Presence.IN_PERSON,
        Attendance.BY_PHONE: Presence.BY_PHONE,
        Attendance.JOINED_LATE: Presence.JOINED_LATE,
        Attendance.REPORT_ONLY: Presence.REPORT_ONLY,
        Attendance.ABSENT: Presence.ABSENT,
    }[person.attendance]
    notes = [f"For {person.name}"] if person.attended_name else []
    if person.deputy_for:
        notes.append(f"In place of {person.deputy_for}")
    if person.not_known:
        notes.append(person.not_known)
    return AttendanceLine(
        name=person.attended_name or person.name,
        role=person.attended_role or person.title,
        agency=person.agency_name,
        presence=presence,
        decision_maker=person.decision_maker,
        note="; ".join(notes),
    )


def _quorum(quorum: QuorumContent) -> Quorum[Protected]:
    if quorum.met:
        # A reason given before somebody joined stays on the page and is asked for no more (E5).
        return Quorum(True, "Social care, police and health took part.")
    (reason,) = prose(quorum.reason) or ("",)
    names = listed([kind.label for kind in quorum.missing])
    return Quorum(False, f"Took no part: {names}.", reason)


def _information(item: InformationContent) -> Information[Protected]:
    return Information(
        agency=item.agency_name,
        given_by=item.given_by,
        text=prose(item.passage, agency_mark(item.agency_id, item.agency_name)),
    )


def _analysis(said: DiscussionContent) -> tuple[Analysis[Protected], ...]:
    parts: list[Analysis[Protected]] = []
    if said.agenda.text:
        parts.append(Analysis("Added to the agenda", prose(said.agenda)))
    parts += [Analysis(item.heading, prose(item.passage)) for item in said.analysis]
    return tuple(parts)


def _of(person: Reader, words: str, protects: str) -> str | Protected:
    """What somebody has to do, or said, marked where the chair's page says so: they may read it
    whatever it is, and so may their agency (E3, F4)."""
    if not words or not protects:
        return words
    return Protected(ProtectedKind(protects), words, person.agency_id, person.person_id)


def _action(action: ActionContent, owner: Reader) -> Action[Protected]:
    return Action(
        number=action.number,
        what=_of(owner, action.what, action.protects),
        who=action.owner_name,
        agency=action.owner_agency,
        due=action.due_at,
        why=_of(owner, action.why, action.protects),
        child=action.child_name,
        child_place=action.child_place,
    )


def _dissent(dissent: DissentContent, person: Reader) -> Dissent[Protected]:
    return Dissent(
        name=dissent.name,
        agency=dissent.agency_name,
        about=_of(person, dissent.about, dissent.protects),
        reason=(_of(person, dissent.why, dissent.protects),) if dissent.why else (),
    )


def _referrer(session: Session, referral: Referral) -> Protected:
    source = agency(session, referral.source_agency_id)
    parts = (referral.referrer_name, referral.referrer_role, source.name if source else "")
    return Protected(
        ProtectedKind.REFERRER,
        ", ".join(part for part in parts if part),
        person_id=person_marks(
            professional_id=referral.referrer_professional_id,
            email=referral.referrer_email or "",
            name=referral.referrer_name or "",
            agency_name=source.name if source else "",
        ),
    )


def _clocks(session: Session, meeting: Meeting, now: datetime) -> tuple[ClockLine[Protected], ...]:
    """The discussion's own deadline and the record's, as they stand at `now`.

    A correction makes no record late that was circulated in time (F2). Why a discussion was booked
    late is for social care alone (F4, C7).
    """
    held = restore(meeting.clocks).clocks
    lines: list[ClockLine[Protected]] = []
    for clock, name in CLOCK_NAMES.items():
        due = held.get(clock)
        if not isinstance(due, Due):
            continue
        late: str | Protected = ""
        if clock is Clock.STRATEGY_DISCUSSION:
            met: bool | None = meeting.started_at is not None and meeting.started_at <= due.due_at
            if not met and meeting.late_reason:
                late = Protected(ProtectedKind.LATE_REASON, meeting.late_reason)
        else:
            reached = first_circulated(session, meeting)
            on_time = (reached or now) <= due.due_at
            met = None if on_time and reached is None else on_time
        lines.append(ClockLine(name, due.due_at, met, due.rule, due.source, late))
    return tuple(lines)
