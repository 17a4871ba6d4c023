"""A calendar's answer: REPLY and COUNTER of RFC 5546, as Outlook, Google and Apple send them.

What they do: Exchange leaves out ORGANIZER, writes MAILTO: in capitals and names time zones as
Windows does; Google writes a comment into a parameter of ATTENDEE; Apple writes COMMENT. Nothing
here is ever believed beyond who comes: not the title, the place or the time of the entry.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from app.invitations.replies.types import CalendarAnswer
from app.invitations.types import PartStat

LARGEST = 256 * 1024  # an entry with one answer has two or three thousand octets
LONGEST_WORDS = 1_000
_HIGHEST = 2**31 - 1
_MOST_EVENTS = 20
_UID = re.compile(r"[\x21-\x7e]{1,200}")


def answer_in(
    content: bytes, charset: str | None = None, labelled: str = ""
) -> tuple[str, CalendarAnswer | None]:
    """The method of a calendar part and the answer in it: (`REPLY`, answer).

    `labelled` is the method on the part's own label, for calendars that do not say it themselves.
    The method is empty where the part is no calendar; the answer is None where it can't be read.
    """
    from icalendar import Calendar

    labelled = labelled.strip().upper()
    if len(content) > LARGEST:
        return _method_of(content[:2000]) or labelled, None
    try:
        found: list[Any] = list(Calendar.from_ical(_text(content, charset), multiple=True))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return _method_of(content) or labelled, None
    for calendar in found:
        method = str(calendar.get("METHOD", "")).strip().upper() or labelled
        events = calendar.walk("VEVENT")[:_MOST_EVENTS]
        if method and events:
            # One meeting is one event with us; an answer about several is for a person to read.
            return method, _answer(events[0]) if len(events) == 1 else None
    return _method_of(content) or labelled, None


def _method_of(content: bytes) -> str:
    found = re.search(rb"^METHOD[^:\r\n]{0,80}:[ \t]*([A-Za-z-]{3,20})", content, re.MULTILINE)
    return found[1].decode("ascii").upper() if found else ""


def _text(content: bytes, charset: str | None) -> str:
    for name in ("utf-8-sig", charset or "latin-1", "latin-1"):
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return ""


def _answer(event: Any) -> CalendarAnswer | None:
    # Ours are in small letters; some programs hand them back in capitals.
    uid = str(event.get("UID", "")).strip().lower()
    attendees = _several(event, "ATTENDEE")
    if _UID.fullmatch(uid) is None or not 1 <= len(attendees) <= 2:
        return None
    # Whoever delegates sends two: themselves, and whom they ask (RFC 5546 3.2.2.3).
    who = next((one for one in attendees if _given(one, "DELEGATED-TO")), attendees[0])
    if len(attendees) == 2 and who is attendees[0] and not _given(who, "DELEGATED-TO"):
        return None
    return CalendarAnswer(
        uid=uid,
        sequence=_sequence(event),
        attendee=_address(who),
        partstat=_partstat(who),
        stamped_at=_moment(event, "DTSTAMP"),
        words=_comment(event, who),
        starts_at=_moment(event, "DTSTART"),
        ends_at=_moment(event, "DTEND"),
        delegated_to=_address(_given(who, "DELEGATED-TO")),
    )


def _several(event: Any, name: str) -> list[Any]:
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _given(value: Any, name: str) -> str:
    """A parameter of a property, as one text."""
    held = getattr(value, "params", {}).get(name, "")
    return str(held[0] if isinstance(held, list) and held else held or "")


def _address(value: object) -> str:
    """`MAILTO:Amina@Police.example` as `amina@police.example`."""
    text = str(value).strip().strip('"')
    found = re.fullmatch(r"(?i:mailto:)?\s*([^\s<>\"]{1,254})", text)
    return found[1].lower() if found and found[1].count("@") == 1 else ""


def _partstat(attendee: Any) -> PartStat | None:
    try:
        return PartStat(_given(attendee, "PARTSTAT").strip().upper())
    except ValueError:
        return None


def _sequence(event: Any) -> int:
    """RFC 5545 3.8.7.4: 0 where it is left out; -1 where it is no number."""
    held = event.get("SEQUENCE", 0)
    try:
        number = int(held)
    except (ValueError, TypeError):
        return -1
    return number if 0 <= number <= _HIGHEST else -1


def _moment(event: Any, name: str) -> datetime | None:
    """A moment in UTC; None where it is missing, has no time of day or can't be read.

    A time without a zone is taken for London's by nobody: it is left out.
    """
    try:
        # A value that is broken says so when it is asked.
        held = getattr(event.get(name), "dt", None)
        if not isinstance(held, datetime) or held.tzinfo is None:
            return None
        return held.astimezone(UTC)
    except (OverflowError, ValueError, TypeError):
        return None


def _comment(event: Any, attendee: Any) -> str:
    """What was written beside the answer: COMMENT, or Google's parameter."""
    comments = [str(one) for one in _several(event, "COMMENT")]
    google = _given(attendee, "X-RESPONSE-COMMENT")
    return "\n".join(one for one in (*comments, google) if one.strip())[:LONGEST_WORDS]
