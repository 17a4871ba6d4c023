"""The wall in the field's words (G2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.directory.types import AgencyKind
from app.referrals.types import Rating


class Screen(enum.Enum):
    """What a display shows."""

    TRIAGE = "triage"
    DISCUSSIONS = "discussions"

    @property
    def label(self) -> str:
        return {"triage": "Referrals", "discussions": "Strategy discussions"}[self.value]


class Stage(enum.Enum):
    """Where a case stands."""

    RATE = "rate"
    DECIDE = "decide"
    BOOK = "book"
    BOOKED = "booked"
    UNDER_WAY = "under_way"
    RECORD = "record"
    CIRCULATE = "circulate"


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who has not answered: the kind of the agency, since the name of a school or surgery would
    say too much on a wall. `due_at` is empty where no clock runs for the answer."""

    kind: AgencyKind
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One case as it stands."""

    ref: str
    rating: Rating | None
    stage: Stage
    due_at: datetime | None
    awaited: tuple[Awaited, ...] = ()


class AwaitedWords(NamedTuple):
    """`Police, 2 h 10 min late`."""

    words: str
    late: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One case on the wall: never a name. The state also stands in words."""

    ref: str
    rating: str
    stage: str
    awaited: tuple[AwaitedWords, ...]
    state: str  # calm, soon, late
    due: str
    left: str


@dataclass(frozen=True, slots=True)
class Board:
    """A screen's content. `more` counts the cases for which there was no room."""

    screen: Screen
    lines: tuple[Line, ...]
    more: int
    late: int
