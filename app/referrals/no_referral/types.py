"""What was closed as no referral, counted (A12)."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import NamedTuple


class Period(enum.Enum):
    """How far back is counted."""

    WEEK = "week"
    FOUR_WEEKS = "four-weeks"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def label(self) -> str:
        return {
            "week": "The last 7 days",
            "four-weeks": "The last 28 days",
            "quarter": "The last 91 days",
            "year": "The last 365 days",
        }[self.value]

    def since(self, now: datetime) -> datetime:
        """From when is counted; aware moments."""
        days = {"week": 7, "four-weeks": 28, "quarter": 91, "year": 365}[self.value]
        return now - timedelta(days=days)


class Counted(NamedTuple):
    """How often one reason was given: for forms that were never taken in, and for referrals."""

    reason: str
    forms: int
    referrals: int
