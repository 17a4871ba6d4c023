"""People for the directory from a list, line by line."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.directory.types import AgencyKind, ProfessionalRole

COLUMNS = (
    "agency",
    "kind",
    "name",
    "role",
    "title",
    "email",
    "telephone",
    "team",
    "decision_maker",
    "days",
    "from",
    "to",
    "left",
)
NEEDED = ("agency", "name")


class Does(enum.Enum):
    """What a line comes to."""

    ADD = "add"
    CHANGE = "change"
    RETURN = "return"
    END = "end"
    SAME = "same"
    WRONG = "wrong"

    @property
    def label(self) -> str:
        return {
            "add": "Added",
            "change": "Changed",
            "return": "Put back",
            "end": "Ended",
            "same": "Nothing to do",
            "wrong": "Left out",
        }[self.value]


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of the list: the number that a text editor shows, and its cells by column."""

    number: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ReadFile:
    encoding: str  # in words, for the page
    lines: tuple[ReadLine, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line as checked. None where the cell was empty: what is held stays."""

    agency: str
    kind: AgencyKind | None
    name: str
    role: ProfessionalRole | None
    title: str | None
    email: str | None
    telephone: str | None
    team: bool | None
    decision_maker: bool | None
    days: str | None
    opens: str | None
    closes: str | None
    left: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """What one line will do, in words; `person_id` is whom it changes."""

    number: int
    does: Does
    who: str
    words: str
    row: Row | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a whole list will do. `digest` tells whether it still would, when it is applied."""

    encoding: str
    lines: tuple[Planned, ...]
    new_agencies: tuple[tuple[str, AgencyKind], ...]
    digest: str

    def count(self, does: Does) -> int:
        return sum(one.does is does for one in self.lines)

    @property
    def does_anything(self) -> bool:
        return any(one.does not in (Does.SAME, Does.WRONG) for one in self.lines)
