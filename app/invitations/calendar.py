"""The calendar entry (D2): RFC 5545 and 5546, one attendee, nothing of a child or family.

What is the same for everyone is made once; UID, SEQUENCE and ATTENDEE are put in for each person.
Times are in UTC, so that no time zone has to be described (icalendar 7.3 is an hour off there).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.invitations.types import Addressee, Appointment, CalendarMethod, Desk
from app.invitations.wording import display_name, neutral, one_line, telephone_uri

# Leaves the house in every entry, so it does not name the product (D2).
PRODUCT = "-//Multi-agency meetings//Desk//EN"
REMIND_BEFORE = timedelta(minutes=15)
NO_PLACE = "Telephone the desk for the place"
_EVENT = b"BEGIN:VEVENT\r\n"


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
        return self.before + b"".join(_folded(line) for line in own) + self.after


def _folded(line: str) -> bytes:
    """RFC 5545 3.1: no line longer than 75 octets, no character broken in two."""
    octets, start = line.encode(), 0
    pieces: list[bytes] = []
    while len(octets) - start > (75 if not pieces else 74):
        end = start + (75 if not pieces else 74)
        while octets[end] & 0xC0 == 0x80:
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
    from icalendar import Alarm, Calendar, Event, vCalAddress, vUri

    event = Event()
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", appointment.starts_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtend", appointment.ends_at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", summary(appointment))
    event.add("location", location(appointment))
    event.add("description", description(method, desk, appointment, called_off=called_off))
    organizer = vCalAddress(f"mailto:{desk.email}")
    if name := display_name(desk.name):
        organizer.params["CN"] = name
    event.add("organizer", organizer)
    event.add("class", "PRIVATE")
    if method is CalendarMethod.REQUEST:
        event.add("status", "CONFIRMED")
        event.add("transp", "OPAQUE")
        uri = appointment.dial_in and telephone_uri(appointment.dial_in.telephone)
        if uri:
            conference = vUri(uri)
            # One FEATURE only: icalendar quotes two as if they were one word.
            conference.params.update(VALUE="URI", FEATURE="PHONE", LABEL="Telephone conference")
            event.add("conference", conference)
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary(appointment))
        alarm.add("trigger", -REMIND_BEFORE)
        event.add_component(alarm)
    else:
        event.add("status", "CANCELLED")
        event.add("transp", "TRANSPARENT")
    # Not Calendar.new(): it gives the calendar a UID of its own.
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    calendar.add_component(event)
    before, _, after = calendar.to_ical().partition(_EVENT)
    return SharedEntry(before + _EVENT, after)
