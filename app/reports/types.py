"""What waits for somebody, as the first page shows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class WorkKind(enum.Enum):
    """A thing to do. The value is also its name in the query."""

    AT_RISK = "at_risk"
    TAKE_IN = "take_in"
    DECIDE = "decide"
    ABUSE = "abuse"
    REPLACE = "replace"
    BOOK_AGAIN = "book_again"
    BOOK = "book"
    UNDER_WAY = "under_way"
    SIGN = "sign"
    CIRCULATE = "circulate"
    MAIL = "mail"
    COPY = "copy"
    CHASE = "chase"

    @property
    def words(self) -> str:
        return {
            "at_risk": "May be at risk now: take in what came by the form",
            "take_in": "Take in what came by the form",
            "decide": "Decide on the referral",
            "abuse": "Discuss or screen the domestic abuse case",
            "replace": "Cancelled: say what follows",
            "book_again": "Cancelled: book it again, or say that none is needed",
            "book": "Book the strategy discussion",
            "under_way": "Discussion under way",
            "sign": "Complete and sign the record",
            "circulate": "Circulate the record",
            "mail": "A message did not arrive",
            "copy": "A copy of the record could not be made",
            "chase": "Chase the form that was sent",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. `due_at` is empty where something failed and wants a look at once."""

    kind: WorkKind
    ref: str
    due_at: datetime | None
    waits_on_others: bool
    state: str  # calm, soon, late
    state_text: str
    left_text: str
    children: tuple[str, ...]
    href: str
    details: tuple[str, ...] = ()
    risk: str = ""  # of a domestic abuse case; nothing else of the list stands here (IMAP 5)


@dataclass(frozen=True, slots=True)
class Coming:
    """A booked discussion that lies ahead."""

    ref: str
    starts_at: datetime
    chair: str
    format: str
    late: bool  # booked after its deadline: the manager sees it (C7)
    answered: int
    invited: int
    children: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class OpenAction:
    ref: str
    what: str
    owner: str
    due_at: datetime
    state: str
    left_text: str
    href: str
