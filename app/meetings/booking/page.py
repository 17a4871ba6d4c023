"""What the booking page shows: worked out here, so that the template only displays (C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import words_for_day, words_for_time
from app.directory import queries as directory
from app.meetings.booking import since
from app.meetings.booking.changes_shown import change_shown
from app.meetings.booking.forms import KEEP_TIME, OTHER_TIME, BookingForm, choices_of
from app.meetings.booking.ground import Ground
from app.meetings.booking.letters_shown import Letter, letters_shown
from app.meetings.booking.person_rows import KINDS
from app.meetings.booking.rows import RowShown, cautions, row_shown
from app.meetings.booking.slots import format_for
from app.meetings.booking.times_shown import (
    SlotShown,
    asks_late_reason,
    format_of,
    slots_shown,
    time_notes,
    who_cannot,
    why_no_slots,
)
from app.meetings.booking.types import (
    Diary,
    FormatChoice,
    HeldMeeting,
    OnTheList,
    Person,
    Proposal,
    Slot,
)
from app.meetings.queries import left_out_of
from app.meetings.types import Answer, Format, dial_in_parts
from app.protocols.exchange import restore
from app.protocols.panel import DeadlinePanel, deadline_panel
from app.protocols.types import Clock
from app.referrals.employers import in_words, judge
from app.referrals.sender import Sender
from app.web.numbers import whole_or_none

MOST_FOUND = 12


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody the search found."""

    id: int
    name: str
    detail: str
    warning: str


@dataclass(frozen=True, slots=True)
class BookingPage:
    meeting: HeldMeeting
    changing: bool
    children: str
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
    silent: tuple[str, ...]  # who gets no letter from a change, and why
    summary: str
    lines_used_up: bool
    kinds: Sequence[tuple[str, str]] = KINDS


def deadline_of(
    kept: Mapping[str, Any], started_at: datetime | None, now: datetime
) -> DeadlinePanel | None:
    """The discussion's own deadline from what was kept when it was decided (B1, B2)."""
    if "clocks" not in kept:
        return None
    clock = restore(kept).clocks.get(Clock.STRATEGY_DISCUSSION)
    return deadline_panel(clock, now, started_at) if clock is not None else None


def fill(ground: Ground, form: BookingForm) -> None:
    """Preselect everything, so that Send may be pressed at once (C1)."""
    case, chosen = ground.case, format_for(ground.case)
    form.format.data = chosen.format.value
    here = ground.council.meeting_place
    form.place.data = case.hospital if chosen.format is Format.HOSPITAL else here
    chairs = [chair_id for chair_id, _name in ground.chairs]
    usual = ground.meeting.chair_id
    form.chair.data = str(usual if usual in chairs else chairs[0] if chairs else "")
    form.line.data = ""
    proposals = ground.proposals(ground.now)
    offered = _slots_for(ground, form, proposals)
    if offered and ground.returns_before(offered[0].start):
        # Somebody is back by then, so others may have to come, who may not be free so early.
        proposals = ground.proposals(offered[0].start)
        offered = _slots_for(ground, form, proposals)
    form.slot.data = offered[0].start.isoformat() if offered else OTHER_TIME
    for proposal in proposals:
        add_proposal(form, proposal)


def fill_change(ground: Ground, form: BookingForm) -> None:
    """What holds now, ready to be changed (C7)."""
    meeting = ground.meeting
    form.format.data = meeting.format.value
    form.place.data = meeting.place or ground.council.meeting_place
    form.chair.data = str(meeting.chair_id or "")
    form.line.data = ""
    form.slot.data = KEEP_TIME
    form.minutes.data = _length(meeting)
    if meeting.typed_dial_in:
        form.dial_in.data, form.dial_in_pin.data = dial_in_parts(meeting.typed_dial_in)
    for invitee in _on_the_list(ground):
        form.add_row({"key": f"invitee-{invitee.id}", "come": True})


def _since(ground: Ground, at: datetime) -> tuple[str, ...]:
    """What became known once it was booked (C2)."""
    left_out = left_out_of(ground.session, ground.meeting.id)
    return since.in_words(ground.case, ground.proposals(at), ground.booked.invitees, left_out)


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
    ground: Ground,
    form: BookingForm,
    sender: Sender,
    *,
    changing: bool = False,
    letter: int | None = 0,
) -> BookingPage:
    """Everything the page shows for what the form holds now; sets the choices of its selects.

    `letter` is the place of the one letter that is written out, None for every one: a page with
    all of them would be half letters, and few are opened.
    """
    meeting, case, now = ground.meeting, ground.case, ground.now
    at = form.start or (meeting.starts_at if changing else None) or now
    end = at + timedelta(minutes=form.length)
    proposals = [] if changing else ground.proposals(at)
    add_unseen(form, proposals)
    people = _people(ground, form, proposals)
    invitees = {f"invitee-{one.id}": one for one in ground.invitees} if changing else {}
    coming = [*_coming(form, people), *_staying(ground, form, invitees)]
    diary = ground.diary(_chair(form), coming, at if changing else form.start)
    by_key = {proposal.key: proposal for proposal in proposals}
    rows = [
        row_shown(
            row,
            by_key.get(row.key),
            invitees.get(row.key),
            people,
            case,
            diary,
            at,
            end,
            ground.doubts(row),
        )
        for row in form.rows()
    ]
    _set_choices(ground, form, diary, changing=changing)
    offered = _slots(ground, form, diary)
    silent: tuple[str, ...] = ()
    if changing:
        told = change_shown(ground, form, rows, sender, diary)
        letters, silent, no_letters = told.letters, told.silent, told.why_none
    else:
        letters, no_letters = letters_shown(ground, form, rows, sender, diary, at, end, letter)
    return BookingPage(
        meeting=meeting,
        changing=changing,
        children=", ".join(ground.children),
        deadline=deadline_of(meeting.clocks, meeting.started_at, now),
        slots=slots_shown(offered, form, meeting.due_at),
        no_slots="" if offered else why_no_slots(diary),
        time_notes=(
            *(time_notes(ground, form, diary, at, end) if form.start else ()),
            *(who_cannot(diary, format_of(form), at, end) if changing or form.start else ()),
        ),
        asks_late_reason=asks_late_reason(form, meeting, offered),
        format_choice=format_for(case),
        rows=rows,
        found=_found(ground, form),
        searched=bool(form.search.data),
        cautions=(
            *cautions(rows, people, invitees),
            *(_since(ground, at) if changing else ()),
        ),
        letters=letters,
        no_letters=no_letters,
        silent=silent,
        summary=_summary(form, rows, at, end, changing=changing),
        lines_used_up=not offered and format_of(form) is Format.CALL,
    )


def _people(ground: Ground, form: BookingForm, proposals: Sequence[Proposal]) -> dict[int, Person]:
    known = {one.id: one for proposal in proposals for one in proposal.options}
    known |= {one.person.id: one.person for one in proposals if one.person}
    chosen = {row.professional_id for row in form.rows()} - {None, *known}
    return known | ground.people([one for one in chosen if one is not None])


def _coming(form: BookingForm, people: Mapping[int, Person]) -> list[Person]:
    """Who is ticked and stands in the directory."""
    found = (people.get(row.professional_id or 0) for row in form.rows() if row.come)
    return [person for person in found if person is not None]


def _staying(ground: Ground, form: BookingForm, invitees: Mapping[str, OnTheList]) -> list[Person]:
    """Who is invited already and stays, of those who stand in the directory."""
    there = [
        invitees[row.key].professional_id for row in form.rows() if row.come and row.key in invitees
    ]
    return list(ground.people([one for one in there if one is not None]).values())


def _chair(form: BookingForm) -> int | None:
    return whole_or_none(form.chair.data)


def _slots(ground: Ground, form: BookingForm, diary: Diary) -> list[Slot]:
    wanted = whole_or_none(form.line.data)
    if wanted is not None:
        diary = replace(diary, lines=tuple(line for line in diary.lines if line[0] == wanted))
    needs_line = format_of(form) is Format.CALL and not form.dial_in.data
    return ground.offered(diary, form.length, format_of(form), needs_line=needs_line)


def _slots_for(ground: Ground, form: BookingForm, proposals: Sequence[Proposal]) -> list[Slot]:
    people = [one.person for one in proposals if one.person]
    return _slots(ground, form, ground.diary(_chair(form), people))


def add_unseen(form: BookingForm, proposals: Sequence[Proposal]) -> tuple[str, ...]:
    """Somebody proposed since the page was opened joins the list; returns the keys of these."""
    seen = {row.key for row in form.rows()}
    if not seen:
        return ()
    fresh = [proposal for proposal in proposals if proposal.key not in seen]
    for proposal in fresh:
        add_proposal(form, proposal)
    return tuple(proposal.key for proposal in fresh)


def _set_choices(ground: Ground, form: BookingForm, diary: Diary, *, changing: bool) -> None:
    form.chair.choices = choices_of(ground.chairs)
    chair_id = ground.meeting.chair_id
    if changing and chair_id and chair_id not in {one for one, _name in ground.chairs}:
        form.chair.choices = [(str(chair_id), "As now"), *form.chair.choices]
    first = "The line it has, if it is free" if changing else "First line that is free"
    if changing and ground.meeting.typed_dial_in:
        first = "No line: as typed below"
    form.line.choices = [("", first), *choices_of(diary.lines)]
    form.allow_its_length()


def _found(ground: Ground, form: BookingForm) -> list[Found]:
    words = (form.search.data or "").strip()
    if len(words) < 2:
        return []
    there = {row.professional_id for row in form.rows() if row.come}
    return [
        Found(
            id=person.id,
            name=person.name,
            detail=f"{person.title or person.role.label}, {person.agency.name}",
            warning=in_words(judge(ground.case.employers, person.agency_id, person.agency.name)),
        )
        for person in directory.search_people(ground.session, words, MOST_FOUND)
        if person.id not in there
    ]


def _summary(
    form: BookingForm, rows: Sequence[RowShown], at: datetime, end: datetime, *, changing: bool
) -> str:
    count = sum(bool(shown.form.come) for shown in rows) + (0 if changing else 1)
    people = f"{count} {'person' if count == 1 else 'people'}"
    if form.start is None and not changing:
        return f"{people}, no time chosen"
    return f"{words_for_day(at)}, {words_for_time(at)} to {words_for_time(end)}. {people}."


def _on_the_list(ground: Ground) -> list[OnTheList]:
    """Everybody who is invited beside the chair."""
    return [
        one
        for one in ground.invitees
        if one.answer is not Answer.DEPUTY
        and (one.staff_id is None or one.staff_id != ground.meeting.chair_id)
    ]


def _length(meeting: HeldMeeting) -> int:
    if meeting.starts_at is None or meeting.ends_at is None:
        return 45
    return int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
