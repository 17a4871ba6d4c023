"""What lists and meetings said of a referral, on the referral's page (C10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.protocols.registry import active
from app.referrals.lists import queries
from app.referrals.lists.rules import meets_on
from app.referrals.models import Referral
from app.referrals.sections import Part, Section


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """What was shared and agreed, and whether a meeting may be held: two statements."""
    rows = queries.discussed_referral(session, referral.id)
    under_way = any(one.ended_at is None and one.case_ref is None for one in rows)
    meets = meets_on(active(council(session).protocol_id), referral.rating)
    return Part(
        {
            "rows": rows,
            "ref": referral.ref,
            "may_meet": meets and referral.decided_at is None and not under_way,
        }
    )


referral_section = Section("lists/_section.html", "checks", load)
