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

    TAKE_IN = "take_in"
    RATE = "rate"
    DECIDE = "decide"
    BOOK = "book"
    CANCELLED = "cancelled"
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
    """One case as it stands. `risk_now`: the form says that a child may be at risk now (A1).
    A booked discussion is due at its start, or at its deadline where it is `booked_for` later."""

    ref: str
    rating: Rating | None
    stage: Stage
    due_at: datetime | None
    awaited: tuple[Awaited, ...] = ()
    risk_now: bool = False
    booked_for: datetime | None = None


class Counted(NamedTuple):
    """How many cases of one rating are open, and how many of them are late."""

    rating: Rating | None
    cases: int
    late: int


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
    risk_now: bool
    awaited: tuple[AwaitedWords, ...]
    state: str  # calm, soon, late
    due: str
    left: str


@dataclass(frozen=True, slots=True)
class Board:
    """One page of a screen. `ratings` counts all that is open, on whatever page it stands; `more`
    the cases that stand on no page; `lists` names the lists that wait to be gone through today."""

    screen: Screen
    lines: tuple[Line, ...]
    page: int
    pages: int
    more: int
    late: int
    ratings: tuple[tuple[str, int], ...]
    lists: tuple[str, ...] = ()

    @property
    def following(self) -> int:
        """The page that is shown next: after the last the first."""
        return self.page % self.pages + 1
