"""Forms that are sent to another agency about a discussion (C5, C6)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class FormState(enum.Enum):
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    REPLACED = "replaced"  # a newer one was sent

    @property
    def label(self) -> str:
        return {
            "sent": "Sent, not acknowledged yet",
            "acknowledged": "Acknowledged",
            "refused": "Refused",
            "replaced": "Replaced by a newer one",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Rows:
    """Label and value, one to a line."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Several people or things with the same columns; the first column names each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What was written, in paragraphs."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    parts: tuple[Rows | Table | Words, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A form as it is printed and as the page previews it: the same content for both."""

    name: str  # "Form 87A"
    title: str
    reference: str
    authority: str
    source: str
    made_at: datetime
    sections: tuple[Section, ...]
