"""The letters as the booking page shows them: exactly what each person will get (C1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.directory import queries as directory
from app.invitations.letters import previews
from app.invitations.types import Addressee, Appointment, DialIn, LetterKind, Preview
from app.meetings import messages
from app.meetings.booking.forms import BookingForm
from app.meetings.booking.ground import Ground
from app.meetings.booking.rows import RowShown
from app.meetings.booking.slots import free_line
from app.meetings.booking.types import Diary
from app.meetings.types import Format
from app.web.numbers import whole_or_none

PIN_IN_WORDS = "(the PIN of this meeting stands here)"
LINK_IN_WORDS = "(each person's own link stands here)"
CHAIRS_ADDRESS = "the chair's own address"


@dataclass(frozen=True, slots=True)
class Letter:
    name: str
    email: str
    preview: Preview
    what: str = ""  # on the page of a change, where letters differ


def letters_shown(
    ground: Ground,
    form: BookingForm,
    rows: Sequence[RowShown],
    sender: messages.Sender,
    diary: Diary,
    at: datetime,
    end: datetime,
) -> tuple[list[Letter], str]:
    """Exactly what each person will get; the PIN is told in words (C1)."""
    if form.start is None:
        return [], "Choose a time to see the letters."
    line_id = whole_or_none(form.line.data)
    line = directory.line(ground.session, line_id or free_line(diary, at, end)[0] or 0)
    format_ = Format(form.format.data) if form.format.data else ground.meeting.format
    appointment = Appointment(
        reference=ground.meeting.ref,
        starts_at=at,
        ends_at=end,
        location=messages.location_told(
            ground.session, ground.meeting, format_, form.place.data or None
        ),
        dial_in=DialIn(form.dial_in.data, form.dial_in_pin.data or "")
        if form.dial_in.data
        else DialIn(line.telephone, PIN_IN_WORDS)
        if line
        else None,
    )
    desk = messages.desk_of(ground.settings, sender)
    chair = dict(form.chair.choices or []).get(form.chair.data or "", "")
    to = [(chair, CHAIRS_ADDRESS, False)] if chair else []
    for shown in rows:
        address = shown.form.email or shown.address
        if shown.form.come and address and not shown.form.telephone_only:
            to.append((shown.name, address, shown.is_team))
    shown_to = [
        Addressee("", 0, name, email, LINK_IN_WORDS, is_team=is_team) for name, email, is_team in to
    ]
    made = previews(LetterKind.INVITATION, desk, appointment, shown_to)
    return [
        Letter(one.name, one.email, shown) for one, shown in zip(shown_to, made, strict=True)
    ], ""
