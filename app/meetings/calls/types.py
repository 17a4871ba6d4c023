"""Telephoning, in the field's words (C5)."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import NamedTuple


class Outcome(enum.Enum):
    """What came of a call: one tap each."""

    SPOKE = "spoke"
    MESSAGE_LEFT = "message_left"
    NO_ANSWER = "no_answer"

    @property
    def label(self) -> str:
        return {
            "spoke": "Spoke",
            "message_left": "Message left",
            "no_answer": "No answer",
        }[self.value]


class CallShown(NamedTuple):
    """One call as pages show it; `said` is what was said, where that was noted."""

    id: int
    invitee_id: int | None
    form_id: int | None
    outcome: Outcome
    said: str | None
    at: datetime
    again_at: datetime | None
    by: str
