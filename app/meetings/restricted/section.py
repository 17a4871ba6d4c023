"""Whether a case is restricted, on the referral's page (H2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.meetings.restricted import queries
from app.referrals.models import Referral
from app.referrals.sections import Part, Section


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """One statement."""
    held = queries.standing(session, referral_id=referral.id)
    return Part({"ref": referral.ref, "since": held.set_at if held else None})


referral_section = Section("restricted/_section.html", "after", load)
