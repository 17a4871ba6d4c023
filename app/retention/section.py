"""Whether a case is closed, on the referral's page (F8, H8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.referrals.models import Referral
from app.referrals.sections import Part, Section
from app.retention import queries, rules
from app.retention.types import CaseKey, CaseKind


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """The state of the archive: one statement, and none before the decision."""
    key = CaseKey(CaseKind.REFERRAL, referral.ref)
    case = queries.closed_case(session, key, referral.id) if referral.decided_at else None
    stage = case and rules.stage_of(
        keep_until=case.keep_until,
        held=case.held_at is not None,
        approved=case.approved_at is not None,
        deleted=case.deleted_at is not None,
        now=now,
    )
    return Part(
        {
            "ref": referral.ref,
            "decided": referral.decided_at is not None,
            "stage": stage,
            "keep_until": case.keep_until if case else None,
        }
    )


referral_section = Section("retention/_section.html", "after", load)
