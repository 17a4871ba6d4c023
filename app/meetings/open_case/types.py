"""What the discussion of an open case is about: what a referral would say of it (A11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.referrals.types import AdultGiven, Concern, DomesticAbuseRisk, Flag


@dataclass(frozen=True, slots=True)
class About:
    """Concerns and circumstances as typed; moments are aware. Who must come, in which format and
    by when follow from them (B, C2, C3)."""

    concerns: tuple[Concern, ...] = ()
    flags: frozenset[Flag] = frozenset()
    domestic_abuse: DomesticAbuseRisk | None = None
    immediate_action_at: datetime | None = None
    hospital: str = ""
    adults: tuple[AdultGiven, ...] = ()
