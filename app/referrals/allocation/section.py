"""Who has the referral, on the referral's page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.protocols.registry import active
from app.referrals.allocation import queries, rules
from app.referrals.models import Referral
from app.referrals.sections import Part, Section


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """To whom it is allocated, and whether the area does so with this rating: two statements."""
    allocates = rules.ratings_allocated(active(council(session).protocol_id))
    rows = queries.allocations(session, referral.id)
    return Part({"rows": rows, "ref": referral.ref, "may_allocate": referral.rating in allocates})


referral_section = Section("referrals/_allocation.html", "checks", load)
