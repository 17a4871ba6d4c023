"""Letters of one meeting, made and read back."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import icalendar

from app.core.mail import FinishedMessage
from app.invitations.letters import letters
from app.invitations.types import (
    Addressee,
    LetterKind,
)
from tests.clock import FRIDAY
from tests.factories.mail import DESK, MEETING, make_addressee


def one(
    kind: LetterKind = LetterKind.INVITATION, person: Addressee | None = None
) -> FinishedMessage:
    return letters(kind, DESK, MEETING, [person or make_addressee()], FRIDAY)[0]


def parsed(message: FinishedMessage) -> EmailMessage:
    result = BytesParser(policy=policy.default).parsebytes(message.content)
    assert isinstance(result, EmailMessage)
    return result


def part(message: FinishedMessage, content_type: str) -> EmailMessage:
    found = [p for p in parsed(message).walk() if p.get_content_type() == content_type]
    assert len(found) == 1
    return found[0]


def plain(message: FinishedMessage) -> str:
    """The plain text, its lines joined."""
    return " ".join(part(message, "text/plain").get_content().split())


def event(message: FinishedMessage) -> icalendar.Event:
    calendar = icalendar.Calendar.from_ical(part(message, "text/calendar").get_payload(decode=True))
    return calendar.events[0]


def every_word(message: FinishedMessage) -> str:
    """All that a reader, a program or a search may find in the message, decoded."""
    found = [message.content.decode("ascii"), message.subject, message.recipient]
    for p in parsed(message).walk():
        found += [str(value) for value in p.values()]
        if not p.is_multipart():
            content = p.get_payload(decode=True)
            assert isinstance(content, bytes)
            found += [content.decode(), content.replace(b"\r\n ", b"").decode()]
    return "\n".join(found)
