"""Letters that tell what became of a referral (A10)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class LetterTo(enum.Enum):
    REFERRER = "referrer"
    SCHOOL = "school"

    @property
    def label(self) -> str:
        return {"referrer": "Outcome letter to the referrer", "school": "Feedback to the school"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who may be written to. `key` names them in forms; `child_ref` is the one child that
    a school is told of; `professional` whether the outcome itself may be said; `caution` what
    speaks against writing to them."""

    key: str
    to: LetterTo
    name: str
    email: str
    agency: str
    professional: bool
    child_id: int | None = None
    child_name: str = ""
    caution: str = ""


@dataclass(frozen=True, slots=True)
class LetterText:
    """What a letter says: the same words on the page, in the PDF and in the preview."""

    heading: str
    to: str
    sender: str
    reference: str
    day: str
    paragraphs: tuple[str, ...]
