"""When an assessment under section 17 may be noted as complete: pure (F8)."""

from __future__ import annotations

from datetime import datetime

from app.core.refusal import Refused
from app.referrals.types import Outcome


def check_completed(
    outcome: Outcome | None,
    received_at: datetime,
    anew_at: datetime | None,
    completed_at: datetime,
    now: datetime,
) -> None:
    """Raise Refused where none is under way, or for a moment that cannot be. `anew_at` is when the
    referral was last opened again after something else was decided; all moments are aware."""
    if outcome is not Outcome.SECTION_17:
        raise Refused(
            "completed_at", "No section 17 assessment is decided on this referral: nothing is noted"
        )
    if completed_at > now:
        raise Refused(
            "completed_at", "It was complete at a time in the future: correct the date or the time"
        )
    if completed_at < (anew_at or received_at).replace(second=0, microsecond=0):
        what = "opened again" if anew_at else "received"
        raise Refused(
            "completed_at",
            f"This is before the referral was {what}: correct the date or the time",
        )
