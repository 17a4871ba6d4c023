"""A disagreement on its way up the ladder, in plain values (E4)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.protocols.types import Force, Unit


class Ending(enum.Enum):
    """How a disagreement ended."""

    AGREED = "agreed"
    CHANGED = "changed"
    STANDS = "stands"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return {
            "agreed": "They agree now",
            "changed": "The decision is changed",
            "stands": "The decision stands",
            "withdrawn": "The disagreement was withdrawn",
        }[self.value]


class Move(enum.Enum):
    """What is recorded at a step: it ends here, or the next step takes it."""

    NEXT = "next"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One step as the protocol had it when the disagreement was opened (B1)."""

    id: str
    who: str
    unit: Unit
    within: int | None
    force: Force | None  # none where the source names no time
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one protocol, lowest first. There is at least one."""

    protocol: str
    version: str
    steps: tuple[Step, ...]

    def has_next(self, step: int) -> bool:
        return step + 1 < len(self.steps)
