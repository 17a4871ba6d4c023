"""Whom a change concerns: one rule for what is sent and for what the page shows before (C7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.refusal import Refused
from app.directory.rules import normal_telephone
from app.invitations.types import Change
from app.meetings.appointment import location_of
from app.meetings.booking.slots import free_line
from app.meetings.booking.types import ChangeOrder, Diary, TypedDialIn
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, Format, dial_in_text

# Stands for a PIN that is drawn only when the change is saved.
NEW_PIN = 0
DialIn = tuple[int | None, int | None, str | None]  # line, PIN, or what was typed instead


@dataclass(frozen=True, slots=True)
class Held:
    """What everybody's entry says."""

    starts_at: datetime | None
    ends_at: datetime | None
    location: str
    dial_in: DialIn

    @classmethod
    def of(cls, meeting: Meeting) -> Held:
        location = location_of(meeting.format, meeting.place)
        return cls(meeting.starts_at, meeting.ends_at, location, _dial_in_of(meeting))

    def changes_to(self, new: Held) -> list[Change]:
        found = []
        if (self.starts_at, self.ends_at) != (new.starts_at, new.ends_at):
            found.append(Change.TIME)
        if self.location != new.location:
            found.append(Change.PLACE)
        if self.dial_in != new.dial_in:
            found.append(Change.DIAL_IN)
        return found


def is_updated(invitee: Invitee, changes: Collection[Change]) -> bool:
    """Whether somebody who stays is told: only where something in their entry changed, and not
    where a colleague, who has an invitation of their own, comes instead."""
    return bool(changes) and invitee.answer is not Answer.DEPUTY


def freed(gone: Collection[Invitee], invitees: Collection[Invitee]) -> list[Invitee]:
    """Whoever had named a colleague who is now removed: nobody comes instead of them any more."""
    named_by = {one.deputy_for_id for one in gone}
    return [one for one in invitees if one.id in named_by and one.removed_at is None]


def normal_dial_in(typed: TypedDialIn) -> str:
    """A typed dial-in as it is kept.

    Raises Refused for a number that is none, or a PIN that is not four to twelve digits.
    """
    telephone = normal_telephone(typed.telephone, "dial_in")
    if typed.pin and not (typed.pin.isdecimal() and 4 <= len(typed.pin) <= 12):
        raise Refused("dial_in_pin", "Enter the PIN as four to twelve digits, or leave it empty")
    return dial_in_text(telephone, typed.pin)


def check_locked_out(
    removed: Sequence[str], before: str | None, after: str | None, kept_reason: str | None
) -> None:
    """Nobody who was removed may dial in by what they know (C4). A line's PIN changes by itself;
    a dial-in that was typed cannot: another one is asked for, or why this one stays.

    `removed` are names, `before` and `after` the typed dial-in. Raises Refused where neither came.
    """
    if removed and before and before == after and not kept_reason:
        who = (
            f"{', '.join(removed[:-1])} and {removed[-1]} know"
            if removed[1:]
            else (f"{removed[0]} knows")
        )
        raise Refused("dial_in", f"{who} this dial-in: type another one, or say why it stays")


def expected(meeting: Meeting, order: ChangeOrder, diary: Diary) -> Held:
    """What everybody's entry will say. The database decides about line and PIN when it is saved.

    Raises Refused for a typed dial-in that is none.
    """
    start, end = new_time(meeting, order)
    format_ = order.format or meeting.format
    place = meeting.place if order.format is None else order.place
    location = location_of(format_, place)
    dial_in = _expected_dial_in(meeting, order, diary, format_, start, end)
    leave = bool(order.removals) or order.chair_id not in (None, meeting.chair_id)
    if (leave or order.new_pin) and dial_in[0] and dial_in[1] == meeting.pin_id:
        dial_in = (dial_in[0], NEW_PIN, None)
    return Held(start, end, location, dial_in)


def new_time(meeting: Meeting, order: ChangeOrder) -> tuple[datetime, datetime]:
    """When it starts and ends after the change. Raises ValueError where it had no time."""
    if meeting.starts_at is None or meeting.ends_at is None:
        raise ValueError("a booked discussion has a time")
    start = order.starts_at or meeting.starts_at
    length = (
        timedelta(minutes=order.minutes) if order.minutes else (meeting.ends_at - meeting.starts_at)
    )
    return start, start + length


def _dial_in_of(meeting: Meeting) -> DialIn:
    return meeting.line_id, meeting.pin_id, meeting.typed_dial_in


def _expected_dial_in(
    meeting: Meeting,
    order: ChangeOrder,
    diary: Diary,
    format_: Format,
    start: datetime,
    end: datetime,
) -> DialIn:
    held = _dial_in_of(meeting)
    if order.dial_in is not None:
        return None, None, normal_dial_in(order.dial_in)
    if not asks_for_line(meeting, order):
        return held
    line = order.line_id or free_line(diary, start, end)[0]
    if line is None and format_ is not Format.CALL:
        return None, None, meeting.typed_dial_in
    return held if line in (None, meeting.line_id) else (line, NEW_PIN, None)


def asks_for_line(meeting: Meeting, order: ChangeOrder) -> bool:
    """Whether the change takes a line anew: another time, another format, another line. A typed
    dial-in goes on until a line is asked for."""
    if meeting.typed_dial_in and order.line_id is None:
        return False
    moved = order.starts_at is not None or order.minutes is not None
    return moved or order.line_id not in (None, meeting.line_id) or order.format is not None
