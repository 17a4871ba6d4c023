"""One letter as it arrived, and whether its calendar entry is what RFC 5545 and 5546 ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from typing import Any

import icalendar
import vobject

from tests.integration.mail_journey.canary import decoded, readable
from tests.smtp import Received

_IN_UTC = re.compile(rb"DT(?:STAMP|START|END):\d{8}T\d{6}Z")
_LINK = re.compile(r"https?://[^/\s\"<>]+(/(?:[ir]|refer/back|feedback)/[\w-]+)")
_CODE = re.compile(r"^ +(\d{3}) ?(\d{3})\s*$", re.MULTILINE)
_URL = re.compile(r"(?:https?://|mailto:|tel:)[^\s\"'<>]+")


@dataclass(frozen=True)
class Letter:
    """Frozen and with its own `__dict__`, so that each thing is worked out once."""

    received: Received

    @cached_property
    def message(self) -> EmailMessage:
        return self.received.message

    @property
    def recipient(self) -> str:
        """The one mailbox in the envelope."""
        [only] = self.received.recipients
        return only

    @cached_property
    def words(self) -> str:
        """Everything in it, as it is read and as it travelled."""
        return decoded(self.received.content)

    def without_recipient(self) -> str:
        """The words, but for the recipient's own address, wherever a line was broken in it."""
        broken = r"(?:=?\r?\n[ \t]?)?".join(map(re.escape, self.recipient))
        return re.sub(broken, "", self.words, flags=re.IGNORECASE)

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The plain text, its lines joined."""
        return " ".join(self._plain.split())

    @property
    def _plain(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @property
    def link(self) -> str | None:
        """The path of the personal link, if there is one; all links in a letter are the same."""
        # As it is read: where it travels a line may be broken in the link.
        found = set(_LINK.findall(readable(self.received.content)))
        assert len(found) <= 1
        return found.pop() if found else None

    @property
    def token(self) -> str | None:
        """The secret of the personal link."""
        return self.link.rpartition("/")[2] if self.link else None

    @property
    def code(self) -> str:
        [found] = _CODE.findall(self._plain)
        return "".join(found)

    @property
    def urls(self) -> list[str]:
        return _URL.findall(readable(self.received.content))

    def parts(self, content_type: str) -> list[EmailMessage]:
        return [part for part in self.message.walk() if part.get_content_type() == content_type]

    @cached_property
    def entry(self) -> Entry:
        [part] = self.parts("text/calendar")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        return Entry(content)


@dataclass(frozen=True)
class Entry:
    """A calendar entry, read by icalendar; `of_second_reader` is what vobject makes of it."""

    content: bytes

    @cached_property
    def calendar(self) -> Any:
        return icalendar.Calendar.from_ical(self.content)

    @property
    def event(self) -> Any:
        [event] = self.calendar.events
        return event

    @property
    def method(self) -> str:
        return str(self.calendar["METHOD"])

    @property
    def uid(self) -> str:
        return str(self.event["UID"])

    @property
    def sequence(self) -> int:
        return int(self.event["SEQUENCE"])

    @property
    def stamp(self) -> datetime:
        moment: datetime = self.event["DTSTAMP"].dt
        return moment

    @property
    def start(self) -> datetime:
        moment: datetime = self.event["DTSTART"].dt
        return moment

    @property
    def end(self) -> datetime:
        moment: datetime = self.event["DTEND"].dt
        return moment

    @property
    def has_alarm(self) -> bool:
        return bool(self.event.walk("VALARM"))

    @cached_property
    def of_second_reader(self) -> Any:
        return vobject.readOne(self.content.decode("utf-8"))

    def problems(self, organizer: str, attendee: str) -> list[str]:
        """What RFC 5545 and 5546 (3.2.2 REQUEST, 3.2.5 CANCEL) would object to; best none."""
        found = [*self._shape(), *self._people(organizer, attendee)]
        if self.method not in ("REQUEST", "CANCEL"):
            found.append(f"METHOD is {self.method}")
        if self.method == "REQUEST" and self.event.get("STATUS") not in ("CONFIRMED", "TENTATIVE"):
            found.append(f"STATUS of a request is {self.event.get('STATUS')}")
        if self.method == "CANCEL":
            if self.event.get("STATUS") != "CANCELLED":
                found.append(f"STATUS of a cancellation is {self.event.get('STATUS')}")
            if self.has_alarm:
                found.append("a cancellation holds an alarm")
        return [*found, *self._second_reading()]

    def _shape(self) -> list[str]:
        found = []
        lines = self.content.split(b"\r\n")
        if any(b"\n" in line or b"\r" in line for line in lines) or lines[-1]:
            found.append("a line does not end in CRLF")
        if any(len(line) > 75 for line in lines):
            found.append("a line is longer than 75 octets")
        if [one.name for one in self.calendar.subcomponents] != ["VEVENT"]:
            found.append("there is more or less than one VEVENT")
        if self.calendar.errors or self.event.errors:
            found.append(f"cannot be read: {self.calendar.errors}, {self.event.errors}")
        for name, component, times in (
            *((name, self.calendar, 1) for name in ("METHOD", "VERSION", "PRODID")),
            *(
                (name, self.event, 1)
                for name in ("UID", "SEQUENCE", "DTSTAMP", "ORGANIZER", "SUMMARY", "DTSTART")
            ),
            *((name, self.event, 1) for name in ("DTEND", "ATTENDEE", "STATUS")),
            *((name, self.event, 0) for name in ("DURATION", "REQUEST-STATUS", "RECURRENCE-ID")),
        ):
            held = component.get(name, [])
            count = len(held) if isinstance(held, list) else 1
            if count != times:
                found.append(f"{name} stands there {count} times")
        for line in lines:
            if line.startswith(b"DT") and not _IN_UTC.fullmatch(line):
                found.append(f"{line.decode()} is not in UTC")
        if not self.start < self.end:
            found.append("it ends before it starts")
        return found

    def _people(self, organizer: str, attendee: str) -> list[str]:
        found = []
        if str(self.event["ORGANIZER"]).lower() != f"mailto:{organizer}".lower():
            found.append(f"ORGANIZER is {self.event['ORGANIZER']}")
        who = self.event["ATTENDEE"]
        if isinstance(who, list) or str(who).lower() != f"mailto:{attendee}".lower():
            found.append(f"ATTENDEE is {who}")
        elif who.params.get("RSVP") != "TRUE" or not who.params.get("PARTSTAT"):
            found.append(f"ATTENDEE is not asked: {dict(who.params)}")
        return found

    def _second_reading(self) -> list[str]:
        other = self.of_second_reader
        if not other.validate(raiseException=False):
            return ["vobject finds it invalid"]
        read = (
            str(other.method.value),
            str(other.vevent.uid.value),
            int(other.vevent.sequence.value),
            other.vevent.dtstart.value.astimezone(UTC),
            other.vevent.dtend.value.astimezone(UTC),
            len(other.vevent.contents.get("attendee", [])),
        )
        expected = (self.method, self.uid, self.sequence, self.start, self.end, 1)
        return [] if read == expected else [f"vobject reads {read}, icalendar {expected}"]
