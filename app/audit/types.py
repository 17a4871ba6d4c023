"""Who did something, and how it is written down."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple


class ActorKind(enum.Enum):
    STAFF = "staff"
    GUEST = "guest"  # an invited person, through a link and a code
    PUBLIC = "public"
    SYSTEM = "system"  # the worker or a command


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the staff or invitation id; `label` is shown to readers of the audit."""

    kind: ActorKind
    id: int | None
    label: str


SYSTEM = Actor(ActorKind.SYSTEM, None, "system")
PUBLIC = Actor(ActorKind.PUBLIC, None, "public")


class Subject(NamedTuple):
    """What was changed or seen: `referral` and its public reference, never a name."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """Where the chain breaks and how, in words for a person."""

    entry_id: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of the chain at some moment: written down outside, it fixes all before it."""

    entry_id: int
    digest: str

    def __str__(self) -> str:
        return f"{self.entry_id}:{self.digest}"
