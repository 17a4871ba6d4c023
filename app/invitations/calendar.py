"""The calendar entry (D2): RFC 5545 and 5546, one attendee, nothing of a child or family.

What is the same for everyone is made once; UID, SEQUENCE and ATTENDEE are put in for each person.
Times are in UTC, so that no time zone has to be described. The two dozen lines are written here:
the library that reads the answers takes twenty times as long to write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.invitations.types import Addressee, Appointment, CalendarMethod, Desk
from app.invitations.wording import display_name, neutral, one_line, telephone_uri

# Leaves the house in every entry, so it does not name the product (D2).
PRODUCT = "-//Multi-agency meetings//Desk//EN"
REMIND_BEFORE = timedelta(minutes=15)
NO_PLACE = "Telephone the desk for the place"
# What has a meaning of its own in a TEXT value (RFC 5545 3.3.11).
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def summary(appointment: Appointment) -> str:
    """All that a shared calendar shows."""
    return f"Multi-agency meeting {appointment.reference}"


def location(appointment: Appointment) -> str:
    return neutral(appointment.location, NO_PLACE)


def description(
    method: CalendarMethod, desk: Desk, appointment: Appointment, *, called_off: bool = False
) -> str:
    """Number, PIN and the desk's telephone; of a cancellation the desk's alone (D2). It says
    whether the meeting is off or only this person is no longer asked."""
    lines = []
    if method is CalendarMethod.CANCEL:
        lines.append(
            "This meeting is cancelled."
            if called_off
            else "You are no longer asked to this meeting."
        )
    elif appointment.dial_in is not None:
        lines.append(f"Telephone: {one_line(appointment.dial_in.telephone)}")
        if appointment.dial_in.pin:
            lines.append(f"PIN: {one_line(appointment.dial_in.pin)}")
    if desk.telephone:
        lines.append(f"Desk: {one_line(desk.telephone)}")
        if desk.out_of_hours:
            lines.append(f"Outside office hours: {one_line(desk.out_of_hours)}")
    if method is CalendarMethod.REQUEST:
        lines.append("Your own link is in the email that brought this entry.")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class SharedEntry:
    """Everyone's entry but for the lines of one person."""

    before: bytes
    after: bytes

    def for_person(self, person: Addressee) -> bytes:
        """One person's entry: CRLF, no line longer than 75 octets."""
        name = display_name(person.name)
        attendee = (
            f"ATTENDEE;CUTYPE={'GROUP' if person.is_team else 'INDIVIDUAL'}"
            f";ROLE={'CHAIR' if person.chairs else 'REQ-PARTICIPANT'}"
            f";PARTSTAT={person.partstat.value};RSVP=TRUE"
            # A display name holds no quote, so the quotes end where they are meant to.
            + (f';CN="{name}"' if name else "")
            + f":mailto:{person.email}"
        )
        own = (f"UID:{person.uid}", f"SEQUENCE:{person.sequence}", attendee)
        return self.before + _lines(own) + self.after


def _folded(line: str) -> bytes:
    """RFC 5545 3.1: no line longer than 75 octets, no character broken in two; no escape either,
    which some programs could not put together again."""
    octets, start = line.encode(), 0
    pieces: list[bytes] = []
    while len(octets) - start > (75 if not pieces else 74):
        end = start + (75 if not pieces else 74)
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        piece = octets[start:end]
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            end -= 1
        pieces.append(octets[start:end])
        start = end
    return b"\r\n ".join([*pieces, octets[start:]]) + b"\r\n"


def shared_entry(
    method: CalendarMethod,
    desk: Desk,
    appointment: Appointment,
    now: datetime,
    *,
    called_off: bool = False,
) -> SharedEntry:
    """The entry for this sending: `now` becomes DTSTAMP, which is new at each send."""
    name = display_name(desk.name)
    begin = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN",
             f"METHOD:{method.value}", "BEGIN:VEVENT"]  # fmt: skip
    what = _text(summary(appointment))
    event = [
        f"SUMMARY:{what}",
        f"DTSTART:{_moment(appointment.starts_at)}",
        f"DTEND:{_moment(appointment.ends_at)}",
        f"DTSTAMP:{_moment(now)}",
        "CLASS:PRIVATE",
        f"DESCRIPTION:{_text(description(method, desk, appointment, called_off=called_off))}",
        f"LOCATION:{_text(location(appointment))}",
        # A display name holds no quote, so the quotes end where they are meant to.
        "ORGANIZER" + (f';CN="{name}"' if name else "") + f":mailto:{desk.email}",
    ]
    if method is CalendarMethod.REQUEST:
        event += ["STATUS:CONFIRMED", "TRANSP:OPAQUE"]
        uri = appointment.dial_in and telephone_uri(appointment.dial_in.telephone)
        if uri:
            event.append(f"CONFERENCE;FEATURE=PHONE;LABEL=Telephone conference;VALUE=URI:{uri}")
        minutes = REMIND_BEFORE // timedelta(minutes=1)
        event += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{what}",
                  f"TRIGGER:-PT{minutes}M", "END:VALARM"]  # fmt: skip
    else:
        event += ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"]
    return SharedEntry(_lines(begin), _lines([*event, "END:VEVENT", "END:VCALENDAR"]))


def _lines(lines: Sequence[str]) -> bytes:
    return b"".join(_folded(line) for line in lines)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    return words.translate(_ESCAPED)
