"""The letters as the booking page shows them: exactly what each person will get (C1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.invitations.letters import previews
from app.invitations.types import Addressee, Appointment, DialIn, LetterKind, Preview
from app.meetings.appointment import location_told
from app.meetings.booking.forms import BookingForm
from app.meetings.booking.ground import Ground
from app.meetings.booking.rows import RowShown
from app.meetings.booking.slots import free_line
from app.meetings.booking.types import Diary
from app.meetings.types import Format
from app.referrals.sender import Sender, desk_of
from app.web.numbers import whole_or_none

PIN_IN_WORDS = "(the PIN of this meeting stands here)"
LINK_IN_WORDS = "(each person's own link stands here)"
PLACE_IN_WORDS = "(the place stands here)"
CHAIRS_ADDRESS = "the chair's own address"


@dataclass(frozen=True, slots=True)
class Letter:
    """`preview` is empty where it was not asked for."""

    name: str
    email: str
    preview: Preview | None
    what: str = ""  # on the page of a change, where letters differ


def _location(ground: Ground, format_: Format, place: str | None) -> str:
    if format_ is not Format.CALL and not place:
        return PLACE_IN_WORDS
    return location_told(ground.session, ground.meeting.id, format_, place)


def letters_shown(
    ground: Ground,
    form: BookingForm,
    rows: Sequence[RowShown],
    sender: Sender,
    diary: Diary,
    at: datetime,
    end: datetime,
    wanted: int | None,
) -> tuple[list[Letter], str]:
    """Exactly what each person will get; the PIN is told in words (C1). `wanted` is the place of
    the one letter to be written out; None writes every one."""
    if form.start is None:
        return [], "Choose a time to see the letters."
    line_id = whole_or_none(form.line.data)
    telephone = diary.telephones.get(line_id or free_line(diary, at, end)[0] or 0)
    format_ = form.chosen_format or ground.meeting.format
    appointment = Appointment(
        reference=ground.meeting.ref,
        starts_at=at,
        ends_at=end,
        location=_location(ground, format_, form.place.data),
        dial_in=DialIn(form.dial_in.data, form.dial_in_pin.data or "")
        if form.dial_in.data
        else DialIn(telephone, PIN_IN_WORDS)
        if telephone
        else None,
    )
    desk = desk_of(ground.council, sender)
    chair = dict(form.chair.choices or []).get(form.chair.data or "", "")
    to = [(chair, CHAIRS_ADDRESS, False)] if chair else []
    for shown in rows:
        address = shown.address or shown.form.email
        if shown.form.come and address and not shown.form.telephone_only:
            to.append((shown.name, address, shown.is_team))
    shown_to = [
        Addressee("", 0, name, email, LINK_IN_WORDS, is_team=is_team) for name, email, is_team in to
    ]
    asked = [place for place in range(len(shown_to)) if wanted is None or place == wanted]
    made = previews(LetterKind.INVITATION, desk, appointment, [shown_to[place] for place in asked])
    by_place = dict(zip(asked, made, strict=True))
    return [
        Letter(one.name, one.email, by_place.get(place)) for place, one in enumerate(shown_to)
    ], ""
