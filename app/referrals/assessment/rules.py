"""When an assessment under section 17 may be noted as complete: pure (F8)."""

from __future__ import annotations

from datetime import datetime

from app.core.refusal import Refused
from app.referrals.types import Outcome


def check_completed(
    outcome: Outcome | None, since: datetime, completed_at: datetime, now: datetime
) -> None:
    """Raise Refused where none is under way, or for a moment that cannot be. `since` is when the
    referral was received or last opened again; all moments are aware."""
    if outcome is not Outcome.SECTION_17:
        raise Refused(
            "completed_at", "No section 17 assessment is decided on this referral: nothing is noted"
        )
    if completed_at > now:
        raise Refused(
            "completed_at", "It was complete at a time in the future: correct the date or the time"
        )
    if completed_at < since.replace(second=0, microsecond=0):
        raise Refused(
            "completed_at",
            "This is before the referral was received or last opened again: correct the date or "
            "the time",
        )
