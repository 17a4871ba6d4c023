"""The agency checks on the referral's page (A6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.referrals.checks import queries, shown
from app.referrals.models import Referral
from app.referrals.sections import Part, Section


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """How many have answered: one statement."""
    summary = shown.summary(queries.times_on(session, referral.id), now)
    return Part({"summary": summary, "ref": referral.ref})


referral_section = Section("referrals/checks/_section.html", "checks", load)
