"""Closing a case, keeping it, and deleting it, in plain values (H8)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime


class CaseKind(enum.Enum):
    """A referral with everything that came of it, or a discussion from an open case (A11)."""

    REFERRAL = "referral"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class CaseKey:
    kind: CaseKind
    ref: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as the rules look at it; what still runs is counted, moments are UTC."""

    began_at: datetime
    decided: bool
    discussed: bool
    looked_after: bool
    births: tuple[date | None, ...]  # of an unborn child the day it is expected
    meetings_open: int
    records_not_circulated: int
    corrections: int
    actions_open: int
    steps_open: int
    disagreements_open: int
    checks_open: int
    abuse_cases_open: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when a case is kept, by which rule and why (H8)."""

    until: datetime
    rule: str
    reason: str
    source: str
    document: str


class Stage(enum.Enum):
    """Where a closed case stands."""

    KEPT = "kept"
    DUE = "due"  # its time is over: somebody has to look at it
    HELD = "held"
    APPROVED = "approved"
    DELETED = "deleted"

    @property
    def label(self) -> str:
        return {
            "kept": "Archived",
            "due": "To be reviewed",
            "held": "On legal hold",
            "approved": "To be deleted",
            "deleted": "Deleted",
        }[self.value]

    @property
    def colour(self) -> str:
        return {
            "kept": "grey",
            "due": "orange",
            "held": "purple",
            "approved": "red",
            "deleted": "grey",
        }[self.value]
