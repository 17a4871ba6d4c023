"""How a strategy discussion comes about: needed, started at once, or already held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.directory.types import AgencyKind
from app.meetings.open_case.types import About
from app.meetings.types import Attendance, Format


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a discussion is about: a referral, or known children of an open case (A11).

    `information_at` is when the information that triggered it arrived: empty for the first
    discussion of a referral, whose own moment holds.
    """

    referral_ref: str | None = None
    child_refs: tuple[str, ...] = ()
    information_at: datetime | None = None
    identified_at: datetime | None = None
    # What an open case is about; a referral says so itself.
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who took part in a discussion that was already held."""

    attendance: Attendance
    professional_id: int | None = None
    name: str = ""
    title: str = ""
    agency_name: str = ""
    agency_kind: AgencyKind = AgencyKind.OTHER
    email: str = ""
    field: str = "people"


@dataclass(frozen=True, slots=True)
class Started:
    """A discussion that begins this minute. Nothing in it is required (C11)."""

    reason: str = ""
    format: Format = Format.CALL
    place: str = ""
    dial_in: str = ""
    professional_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldAlready:
    """A telephone call or a talk that took place before anything was booked (C11; DERBY 4.11)."""

    started_at: datetime
    ended_at: datetime
    reason: str
    format: Format
    place: str = ""
    people: tuple[Present, ...] = ()
    another: bool = False  # said to be none of those that are booked or begun already
