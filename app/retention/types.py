"""Closing a case, keeping it, and deleting it, in plain values (H8)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from app.audit.types import Subject


class CaseKind(enum.Enum):
    """A referral with everything that came of it; a discussion from an open case (A11); a domestic
    abuse case that became no referral (A8); a form of the public that was none (A12)."""

    REFERRAL = "referral"
    MEETING = "meeting"
    ABUSE = "abuse"
    FORM = "form"

    @property
    def label(self) -> str:
        return {
            "referral": "Referral",
            "meeting": "Discussion",
            "abuse": "Domestic abuse case",
            "form": "Form that was no referral",
        }[self.value]


@dataclass(frozen=True, slots=True)
class CaseKey:
    kind: CaseKind
    ref: str

    @property
    def subject(self) -> Subject:
        """The case as the audit names it: a form has the reference of the referral to come."""
        kinds = {CaseKind.ABUSE: "abuse case", CaseKind.FORM: "referral"}
        return Subject(kinds.get(self.kind, self.kind.value), self.ref)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as the rules look at it; what still runs is counted, moments are UTC."""

    began_at: datetime
    decided: bool
    discussed: bool
    looked_after: bool
    births: tuple[date | None, ...]  # of an unborn child the day it is expected
    meetings_open: int = 0
    records_not_circulated: int = 0
    corrections: int = 0
    actions_open: int = 0
    steps_open: int = 0
    disagreements_open: int = 0
    children_unspoken: int = 0
    checks_open: int = 0
    assessments_open: int = 0
    abuse_cases_open: int = 0


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
