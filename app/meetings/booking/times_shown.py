"""The times on the booking page: what is offered, what was chosen, what speaks against it (C1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.clock import words_for_day, words_for_time
from app.meetings.booking.forms import OTHER_TIME, BookingForm
from app.meetings.booking.ground import Ground
from app.meetings.booking.slots import (
    free_line,
    is_late,
    is_office_time,
    overlaps,
    with_travel,
)
from app.meetings.booking.types import Diary, HeldMeeting, Slot
from app.meetings.types import Format
from app.web.numbers import whole_or_none


@dataclass(frozen=True, slots=True)
class SlotShown:
    value: str
    day: str
    time: str
    note: str
    after_deadline: bool
    checked: bool


def format_of(form: BookingForm) -> Format:
    return form.chosen_format or Format.CALL


def slots_shown(
    offered: Sequence[Slot], form: BookingForm, due: datetime | None
) -> list[SlotShown]:
    """The times to choose from. One that was chosen stays, though it is not among the best any
    more, because somebody joined who cannot come then, or because the page was open for long: what
    speaks against it is said beside it, and nothing that was chosen is lost without a word."""
    start = None if form.slot.data == OTHER_TIME else form.start
    held = start is None or any(slot.start == start for slot in offered)
    kept = [] if held or start is None else [_kept(start, form, due)]
    return kept + [
        SlotShown(
            value=slot.start.isoformat(),
            day=words_for_day(slot.start),
            time=f"{words_for_time(slot.start)} to {words_for_time(slot.end)}",
            note=f"{slot.why}. After the deadline: needs a reason"
            if slot.after_deadline
            else slot.why,
            after_deadline=slot.after_deadline,
            checked=slot.start == start,
        )
        for slot in offered
    ]


def _kept(start: datetime, form: BookingForm, due: datetime | None) -> SlotShown:
    end = start + timedelta(minutes=form.length)
    late = is_late(start, due)
    return SlotShown(
        value=str(form.slot.data),
        day=words_for_day(start),
        time=f"{words_for_time(start)} to {words_for_time(end)}",
        note="As you chose. After the deadline: needs a reason" if late else "As you chose",
        after_deadline=late,
        checked=True,
    )


def why_no_slots(diary: Diary) -> str:
    if not diary.lines:
        return (
            "No conference line has an unused PIN left: an administrator adds lines and PINs in "
            "the council settings. Or type another dial-in, or choose a meeting face to face."
        )
    return "No time is free for chair and line in the next fortnight. Type another time."


def time_notes(
    ground: Ground, form: BookingForm, diary: Diary, at: datetime, end: datetime
) -> tuple[str, ...]:
    """What speaks against the chosen time. The database decides when it is sent; this tells."""
    notes = []
    if at < ground.now:
        notes.append("This time is in the past.")
    if not is_office_time(at, end, ground.council.office):
        notes.append("This is outside office hours.")
    if is_late(at, ground.meeting.due_at):
        notes.append("This is after the deadline: it needs a reason.")
    if any(overlaps((at, end), span) for span in diary.chair):
        notes.append("The chair is in another discussion then.")
    elif any(overlaps(with_travel(format_of(form), at, end), span) for span in diary.chair):
        notes.append(
            "The chair is in another discussion shortly before or after, and has to travel."
        )
    if format_of(form) is Format.CALL and not form.dial_in.data:
        wanted = whole_or_none(form.line.data)
        asked = tuple(line for line in diary.lines if wanted in (None, line[0]))
        if free_line(replace(diary, lines=asked), at, end)[0] is None:
            which = asked[0][1] if wanted and asked else "Every conference line"
            notes.append(f"{which} is taken then: choose another time, or type another dial-in.")
    return tuple(notes)


def who_cannot(diary: Diary, format_: Format, at: datetime, end: datetime) -> tuple[str, ...]:
    """Which of those who come have something else then, are away, or do not work (C1)."""
    around = with_travel(format_, at, end)
    busy, near = [], []
    for name, spans in diary.people.items():
        if any(overlaps((at, end), span) for span in spans):
            busy.append(name)
        elif any(overlaps(around, span) for span in spans):
            near.append(name)
    away = [name for name, until in diary.away.items() if until > at]
    off = [name for name, hours in diary.hours if not hours.cover(at, end)]
    return tuple(
        f"{what}: {', '.join(names)}."
        for what, names in (
            ("In another discussion then", busy),
            ("In another discussion shortly before or after", near),
            ("Away then", away),
            ("Not at work then", off),
        )
        if names
    )


def asks_late_reason(form: BookingForm, meeting: HeldMeeting, offered: Sequence[Slot]) -> bool:
    chosen = form.start
    if chosen is not None and is_late(chosen, meeting.due_at):
        return True
    # Booked before its deadline became earlier: why it stays is asked without moving it.
    if meeting.starts_at is not None and is_late(meeting.starts_at, meeting.due_at):
        return True
    return bool(form.late_reason.errors) or any(slot.after_deadline for slot in offered)
