"""Requests for information to agencies, in the field's words (A6)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from app.protocols.types import Force


class Held(enum.Enum):
    NOTHING = "nothing"
    SOMETHING = "something"

    @property
    def label(self) -> str:
        return {"nothing": "Nothing held", "something": "Information held"}[self.value]


class AnswerVia(enum.Enum):
    """How an answer came: by the agency's own link, or written down by staff."""

    LINK = "link"
    TELEPHONE = "telephone"
    SECURE_EMAIL = "secure_email"

    @property
    def label(self) -> str:
        return {
            "link": "By the link",
            "telephone": "By telephone",
            "secure_email": "By secure email",
        }[self.value]


class CheckState(enum.Enum):
    WAITING = "waiting"
    LATE = "late"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class DueBy:
    """When agencies answer, by which rule, how binding it is and who says so. The moment is UTC."""

    at: datetime
    rule: str
    force: Force
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What an agency is told beside the children, as words: adults, and the children's address."""

    adults: tuple[str, ...] = ()
    address: str = ""


NOTHING_MORE = Told()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What becomes of open requests when the referral is decided or its discussion ends: `named`
    are those that whoever says so has seen, `wanted` those among them whose answer is wanted all
    the same."""

    named: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """What an agency holds, as typed; `by_name` and `by_role` are of whoever answered."""

    held: Held
    words: str
    by_name: str
    by_role: str
    via: AnswerVia
