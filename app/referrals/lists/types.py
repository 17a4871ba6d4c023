"""Lists in the field's words (C10)."""

from __future__ import annotations

from dataclasses import dataclass

from app.referrals.abuse.types import ReleaseGiven
from app.referrals.types import Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """What was said and agreed on one case. Without an outcome the case was not reached to its
    end and is carried over."""

    information: str
    outcome: Outcome | None = None
    reason: str = ""
    agency_id: int | None = None
    release: ReleaseGiven | None = None
