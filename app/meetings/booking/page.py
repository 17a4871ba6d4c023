"""What the booking page shows: worked out here, so that the template only displays (C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.queries import chairs
from app.core.clock import words_for_day, words_for_time
from app.directory import queries as directory
from app.directory.models import CouncilSettings
from app.directory.queries import council
from app.meetings import messages
from app.meetings.booking import queries, rules
from app.meetings.booking.forms import KEEP_TIME, OTHER_TIME, BookingForm, choices_of
from app.meetings.booking.letters_shown import Letter, letters_shown
from app.meetings.booking.rows import RowShown, cautions, row_shown
from app.meetings.booking.slots import (
    DAYS_LOOKED_AT,
    format_for,
    is_late,
    is_office_time,
    overlaps,
    slots,
)
from app.meetings.booking.types import CaseFacts, Diary, FormatChoice, Person, Proposal, Slot
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import ChildShown, children_of
from app.meetings.types import Answer, Format
from app.protocols.exchange import restore
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.protocols.types import Clock

MOST_FOUND = 12


@dataclass(frozen=True, slots=True)
class SlotShown:
    value: str
    day: str
    time: str
    note: str
    after_deadline: bool
    checked: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody the search found."""

    id: int
    name: str
    detail: str
    warning: str


@dataclass(frozen=True, slots=True)
class BookingPage:
    meeting: Meeting
    changing: bool
    children: list[ChildShown]
    deadline: DeadlinePanel | None
    slots: list[SlotShown]
    no_slots: str
    time_notes: tuple[str, ...]
    asks_late_reason: bool
    format_choice: FormatChoice
    rows: list[RowShown]
    found: list[Found]
    searched: bool
    cautions: tuple[str, ...]
    letters: list[Letter]
    no_letters: str
    summary: str
    whys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def deadline_of(meeting: Meeting, now: datetime) -> DeadlinePanel | None:
    """The discussion's own deadline from what was kept when it was decided (B1, B2)."""
    if "clocks" not in meeting.clocks:
        return None
    clock = restore(meeting.clocks).clocks.get(Clock.STRATEGY_DISCUSSION)
    return deadline_panel(clock, now, meeting.started_at) if clock is not None else None


def fill(session: Session, meeting: Meeting, form: BookingForm, now: datetime) -> None:
    """Preselect everything, so that Send may be pressed at once (C1)."""
    settings = council(session)
    case = queries.case_of(session, meeting)
    held = chairs(session)
    chosen = format_for(case)
    form.format.data = chosen.format.value
    form.place.data = case.hospital if chosen.format is Format.HOSPITAL else settings.meeting_place
    chair = next((one.id for one in held if one.id == meeting.chair_id), None)
    form.chair.data = str(chair or (held[0].id if held else ""))
    form.line.data = ""
    offered = _slots(session, meeting, form, settings, (), now)
    form.slot.data = offered[0].start.isoformat() if offered else OTHER_TIME
    at = offered[0].start if offered else now
    proposals = _proposals(session, case, at)
    # Now that the people are known: the earliest time that they are free for too.
    people = [one.person.id for one in proposals if one.person]
    offered = _slots(session, meeting, form, settings, people, now)
    if offered:
        form.slot.data = offered[0].start.isoformat()
    for proposal in proposals:
        add_proposal(form, proposal)


def fill_change(session: Session, meeting: Meeting, form: BookingForm) -> None:
    """What holds now, ready to be changed (C7)."""
    form.format.data = meeting.format.value
    form.place.data = meeting.place or council(session).meeting_place
    form.chair.data = str(meeting.chair_id or "")
    form.line.data = ""
    form.slot.data = KEEP_TIME
    form.minutes.data = _length(meeting)
    form.late_reason.data = meeting.late_reason or ""
    for invitee in _on_the_list(meeting):
        form.add_row({"key": f"invitee-{invitee.id}", "come": True})


def add_proposal(form: BookingForm, proposal: Proposal) -> None:
    """One row for a proposal, ticked where somebody can take the place."""
    values: dict[str, object] = {
        "key": proposal.key,
        "come": proposal.person is not None or proposal.typed is not None,
        "person": str(proposal.person.id) if proposal.person else "",
    }
    if proposal.typed is not None:
        values |= {
            "name": proposal.typed.name,
            "title": proposal.typed.title,
            "agency": proposal.typed.agency_name,
            "kind": proposal.typed.agency_kind.value,
            "email": proposal.typed.email or "",
            "telephone": proposal.typed.telephone or "",
            "telephone_only": not proposal.typed.email and bool(proposal.typed.telephone),
        }
    form.add_row(values)


def build(
    session: Session,
    meeting: Meeting,
    form: BookingForm,
    sender: messages.Sender,
    now: datetime,
    *,
    changing: bool = False,
) -> BookingPage:
    """Everything the page shows for what the form holds now; sets the choices of its selects."""
    settings = council(session)
    case = queries.case_of(session, meeting)
    at = form.start or (meeting.starts_at if changing else None) or now
    proposals = [] if changing else _proposals(session, case, at)
    by_key = {proposal.key: proposal for proposal in proposals}
    people = _people(session, form, proposals)
    busy_ids = [person.id for person in people.values()]
    diary = _diary(session, meeting, form, busy_ids, now)
    end = at + timedelta(minutes=form.minutes.data or 45)
    unseen = _add_unseen(form, proposals)
    invitees = {f"invitee-{one.id}": one for one in meeting.invitees}
    rows = [
        row_shown(
            row, by_key.get(row.key.data), invitees.get(row.key.data), people, case, diary, at, end
        )
        for row in form.rows()
    ]
    _set_choices(session, form, meeting, diary, changing=changing)
    offered = _slots(session, meeting, form, settings, busy_ids, now, diary)
    letters, no_letters = (
        ([], "")
        if changing
        else letters_shown(session, meeting, form, rows, settings, sender, diary, at, end)
    )
    return BookingPage(
        meeting=meeting,
        changing=changing,
        children=children_of(session, meeting.id),
        deadline=deadline_of(meeting, now),
        slots=_shown(offered, form),
        no_slots="" if offered else _no_slots(diary),
        time_notes=_time_notes(form, meeting, diary, settings, at, end, now),
        asks_late_reason=_asks_late_reason(form, meeting, offered),
        format_choice=format_for(case),
        rows=rows,
        found=_found(session, form, case, people),
        searched=bool(form.search.data),
        cautions=cautions(rows, people, invitees),
        letters=letters,
        no_letters=no_letters,
        summary=_summary(form, rows, at, end, changing=changing),
        whys={proposal.key: (proposal.rule_id, proposal.why) for proposal in proposals},
        unseen=unseen,
    )


def _proposals(session: Session, case: CaseFacts, at: datetime) -> list[Proposal]:
    people = queries.people_with(session, rules.roles_asked_for(case))
    return rules.who_must_come(case, people, at)


def _people(
    session: Session, form: BookingForm, proposals: Sequence[Proposal]
) -> dict[int, Person]:
    known = {one.id: one for proposal in proposals for one in proposal.options}
    known |= {one.person.id: one.person for one in proposals if one.person}
    chosen = {row.professional_id for row in form.rows()} - {None, *known}
    return known | queries.people_by_id(session, [one for one in chosen if one is not None])


def _diary(
    session: Session, meeting: Meeting, form: BookingForm, people: Sequence[int], now: datetime
) -> Diary:
    last = now + timedelta(days=DAYS_LOOKED_AT + 1)
    typed = form.start
    if typed is not None:
        last = max(last, typed + timedelta(days=1))
    chair = int(form.chair.data) if (form.chair.data or "").isdigit() else None
    return queries.diary(session, meeting, chair, people, min(now, typed or now), last)


def _slots(
    session: Session,
    meeting: Meeting,
    form: BookingForm,
    settings: CouncilSettings,
    people: Sequence[int],
    now: datetime,
    diary: Diary | None = None,
) -> list[Slot]:
    diary = diary or _diary(session, meeting, form, people, now)
    wanted = form.line.data or ""
    if wanted.isdigit():
        diary = Diary(
            lines=tuple(line for line in diary.lines if line[0] == int(wanted)),
            taken=diary.taken,
            chair=diary.chair,
            people=diary.people,
        )
    needs_line = form.format.data == Format.CALL.value
    office = queries.office_hours(settings)
    minutes = form.minutes.data or 45
    return slots(now, meeting.due_at, office, diary, minutes, needs_line=needs_line)


def _shown(offered: Sequence[Slot], form: BookingForm) -> list[SlotShown]:
    return [
        SlotShown(
            value=slot.start.isoformat(),
            day=words_for_day(slot.start),
            time=f"{words_for_time(slot.start)} to {words_for_time(slot.end)}",
            note=f"{slot.why}. After the deadline: needs a reason"
            if slot.after_deadline
            else slot.why,
            after_deadline=slot.after_deadline,
            checked=form.slot.data == slot.start.isoformat(),
        )
        for slot in offered
    ]


def _no_slots(diary: Diary) -> str:
    if not diary.lines:
        return (
            "No conference line has an unused PIN left: an administrator adds lines and PINs in "
            "the council settings. Or choose a meeting face to face."
        )
    return "No time is free for chair and line in the next fortnight. Type another time."


def _add_unseen(form: BookingForm, proposals: Sequence[Proposal]) -> tuple[str, ...]:
    """Somebody proposed since the page was opened joins the list, and is pointed out."""
    seen = {row.key.data for row in form.rows()}
    fresh = [proposal for proposal in proposals if proposal.key not in seen]
    if not seen:
        return ()
    for proposal in fresh:
        add_proposal(form, proposal)
    return tuple(proposal.key for proposal in fresh)


def _set_choices(
    session: Session, form: BookingForm, meeting: Meeting, diary: Diary, *, changing: bool
) -> None:
    held = [(one.id, one.name) for one in chairs(session)]
    if changing and meeting.chair_id and meeting.chair_id not in {one for one, _ in held}:
        form.chair.choices = [(str(meeting.chair_id), "As now"), *choices_of(held)]
    else:
        form.chair.choices = choices_of(held)
    first = "The line it has, if it is free" if changing else "First line that is free"
    form.line.choices = [("", first), *choices_of(diary.lines)]
    minutes = form.minutes.data
    if minutes and minutes not in {value for value, _label in form.minutes.choices}:
        form.minutes.choices = [(minutes, f"{minutes} minutes"), *form.minutes.choices]


def _time_notes(
    form: BookingForm,
    meeting: Meeting,
    diary: Diary,
    settings: CouncilSettings,
    at: datetime,
    end: datetime,
    now: datetime,
) -> tuple[str, ...]:
    """What a person should know about a time that they typed themselves."""
    if form.slot.data != OTHER_TIME or form.start is None:
        return ()
    notes = []
    if at < now:
        notes.append("This time is in the past.")
    if not is_office_time(at, end, queries.office_hours(settings)):
        notes.append("This is outside office hours.")
    if is_late(at, meeting.due_at):
        notes.append("This is after the deadline.")
    if any(overlaps((at, end), span) for span in diary.chair):
        notes.append("The chair is in another discussion then.")
    return tuple(notes)


def _asks_late_reason(form: BookingForm, meeting: Meeting, offered: Sequence[Slot]) -> bool:
    chosen = form.start
    if chosen is not None and is_late(chosen, meeting.due_at):
        return True
    return bool(form.late_reason.errors) or any(slot.after_deadline for slot in offered)


def _found(
    session: Session, form: BookingForm, case: CaseFacts, people: Mapping[int, Person]
) -> list[Found]:
    words = (form.search.data or "").strip()
    if len(words) < 2:
        return []
    there = {row.professional_id for row in form.rows() if row.come.data}
    return [
        Found(
            id=person.id,
            name=person.name,
            detail=f"{person.title or person.role.label}, {person.agency_name}",
            warning="The alleged perpetrator's own agency."
            if person.agency_id in case.perpetrator_agencies
            else "",
        )
        for person in map(queries.person_of, directory.search_people(session, words, MOST_FOUND))
        if person.id not in there
    ]


def _summary(
    form: BookingForm, rows: Sequence[RowShown], at: datetime, end: datetime, *, changing: bool
) -> str:
    count = sum(bool(shown.form.come.data) for shown in rows) + (0 if changing else 1)
    people = f"{count} {'person' if count == 1 else 'people'}"
    if form.start is None and not changing:
        return f"{people}, no time chosen"
    return f"{words_for_day(at)}, {words_for_time(at)} to {words_for_time(end)}. {people}."


def _on_the_list(meeting: Meeting) -> list[Invitee]:
    """Everybody who is invited beside the chair."""
    return [
        one
        for one in meeting.invitees
        if one.removed_at is None
        and one.answer is not Answer.DEPUTY
        and (one.staff_id is None or one.staff_id != meeting.chair_id)
    ]


def _length(meeting: Meeting) -> int:
    if meeting.starts_at is None or meeting.ends_at is None:
        return 45
    return int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
