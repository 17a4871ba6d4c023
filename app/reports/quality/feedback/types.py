"""Two questions about a meeting, in words that tell nothing of it (G6)."""

from __future__ import annotations

import enum
from datetime import date
from typing import NamedTuple


class View(enum.Enum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"

    @property
    def label(self) -> str:
        return self.value.capitalize()


PREPARED = "Did you know beforehand what it was about and what to bring?"
HEARD = "Was what you said heard, and is it clear what happens next?"


class Answered(NamedTuple):
    """One answer, and to whom as chair; `quarter` is its first day."""

    quarter: date
    chair_id: int | None
    prepared: View
    heard: View
    words: str | None
