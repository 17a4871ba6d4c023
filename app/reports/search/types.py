"""What somebody asked for, and what was found (G5)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


class Looked(enum.Enum):
    """What a part of the question was taken for; the audit keeps this, never the words."""

    REFERENCE = "reference"
    CASE_REFERENCE = "case reference"
    NAME = "name"
    DAY = "day"


class Show(enum.Enum):
    """Which of the lists that one question leads to."""

    CHILDREN = "children"
    DAY = "day"  # discussions held on it
    CAME_IN = "came-in"  # referrals received on it
    FROM_AGENCY = "from-agency"
    WITH_AGENCY = "with-agency"
    FROM_PERSON = "from-person"
    WITH_PERSON = "with-person"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, taken apart. `reference` is one of ours, in its own spelling; `case_reference`
    may be that of a child in the council's case system."""

    text: str
    reference: str = ""
    case_reference: str = ""
    words: tuple[str, ...] = ()
    # The family name stands first where a comma follows it.
    family_first: bool = False
    day: date | None = None

    @property
    def looked_for(self) -> tuple[Looked, ...]:
        found = (
            (Looked.REFERENCE, self.reference),
            (Looked.CASE_REFERENCE, self.case_reference),
            (Looked.NAME, self.words),
            (Looked.DAY, self.day),
        )
        return tuple(kind for kind, value in found if value)

    @property
    def name(self) -> tuple[str, str]:
        """(given, family) as typed; the family name alone where there is but one word."""
        if self.family_first:
            return " ".join(self.words[1:]), self.words[0]
        return " ".join(self.words[:-1]), self.words[-1] if self.words else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One list that the question may mean."""

    show: Show
    id: int
    words: str

    @property
    def key(self) -> str:
        return f"{self.show.value}-{self.id}" if self.id else self.show.value


class CaseKey(NamedTuple):
    """The place of a case in a list that is the newest first, of referrals and discussions
    together."""

    at: datetime
    is_referral: bool
    id: int


@dataclass(frozen=True, slots=True)
class FoundDiscussion:
    ref: str
    words: str  # its state and day


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A referral with its discussions, or a discussion of an open case: just enough to know it."""

    ref: str
    is_referral: bool
    at: datetime | None  # not said of a restricted case
    children: tuple[str, ...]
    stage: str
    source: str
    discussions: tuple[FoundDiscussion, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, the newest first. `older` is the key of the next, empty on the last."""

    cases: tuple[FoundCase, ...]
    older: str = ""
    # A day was asked for, but nobody of that name was born on it: these are of the name alone.
    without_the_day: bool = False
    # There were more children of such a name than are looked at.
    cut: bool = False
