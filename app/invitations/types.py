"""Invitations: a calendar entry for one person and the link that finds it. Knows no meeting."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class CalendarMethod(enum.Enum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class PartStat(enum.Enum):
    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sends: ORGANIZER and From are the same mailbox, which somebody reads (D1)."""

    name: str
    email: str
    telephone: str


@dataclass(frozen=True, slots=True)
class DialIn:
    telephone: str
    pin: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """What everyone's entry says. Holds nothing of a child or family (D2)."""

    reference: str
    starts_at: datetime
    ends_at: datetime
    location: str  # "Telephone conference" or the address of the meeting room
    dial_in: DialIn | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person's own part of the invitation."""

    uid: str
    sequence: int
    name: str
    email: str
    link: str
    partstat: PartStat = PartStat.NEEDS_ACTION
