"""What a mail that came in says, as plain values."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from app.invitations.types import PartStat


class MailKind(enum.Enum):
    """What a mail is, by its form alone."""

    ANSWER = "answer"  # a calendar's REPLY (RFC 5546 3.2.3)
    COUNTER = "counter"  # a calendar's COUNTER: another time is proposed (RFC 5546 3.2.7)
    RETURNED = "returned"  # a delivery report: failed for good (RFC 3464)
    DELAYED = "delayed"  # a delivery report: not yet
    NOTICE = "notice"  # delivered, or read: nothing follows (RFC 3464, RFC 8098)
    AUTOMATIC = "automatic"  # nobody wrote it: out of office and the like (RFC 3834)
    WRITTEN = "written"  # words of a person
    UNREADABLE = "unreadable"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    MailKind.ANSWER: "Answer by calendar",
    MailKind.COUNTER: "Proposal of another time",
    MailKind.RETURNED: "Returned mail",
    MailKind.DELAYED: "Delayed mail",
    MailKind.NOTICE: "Receipt",
    MailKind.AUTOMATIC: "Automatic reply",
    MailKind.WRITTEN: "Message",
    MailKind.UNREADABLE: "Could not be read",
}


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """The part of a REPLY or COUNTER that is about one person's coming. Times are aware."""

    uid: str
    sequence: int
    attendee: str  # address in small letters; empty where none is given
    partstat: PartStat | None
    stamped_at: datetime | None  # DTSTAMP: when it was given (RFC 5546 2.1.5)
    words: str = field(default="", repr=False)
    starts_at: datetime | None = None  # of a COUNTER: the time proposed
    ends_at: datetime | None = None
    delegated_to: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What another mail server says of a message of ours. `problem` is in our words and holds no
    address."""

    message_ids: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class MailRead:
    """One mail that came in, as far as it could be read."""

    kind: MailKind
    message_id: str = ""
    sender: str = field(default="", repr=False)  # small letters; empty unless there is just one
    subject: str = field(default="", repr=False)
    words: str = field(default="", repr=False)
    answers_to: tuple[str, ...] = ()  # Message-IDs that it says it answers
    # What somebody sent along; a logo, a signature and the calendar itself are none of it.
    files: tuple[str, ...] = field(default=(), repr=False)
    calendar: CalendarAnswer | None = None
    report: DeliveryReport | None = None
