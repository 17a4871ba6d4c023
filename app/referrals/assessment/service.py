"""Noting that an assessment under section 17 is complete (F8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.referrals.acting import staff_id, subject_of, taken_first, unchanged
from app.referrals.assessment import rules
from app.referrals.assessment.models import AssessmentCompleted
from app.referrals.assessment.queries import begun_anew_at
from app.referrals.models import Referral


def complete(
    session: Session,
    actor: Actor,
    referral: Referral,
    completed_at: datetime,
    now: datetime,
    version: int | None = None,
) -> None:
    """Note when the assessment was complete; its clock is met then (BROMLEY 3). Raises Refused by
    the field, ChangedMeanwhile where somebody changed the referral first."""
    taken_first(session, referral.id)
    unchanged(referral, version)
    anew_at = begun_anew_at(session, referral.id)
    rules.check_completed(referral.outcome, referral.received_at, anew_at, completed_at, now)
    session.add(
        AssessmentCompleted(
            referral_id=referral.id,
            completed_at=completed_at,
            recorded_by_id=staff_id(actor),
            recorded_at=now,
        )
    )
    referral.assessment_due_at = None
    session.flush()
    record(
        session, actor, "assessment completed", subject_of(referral), now,
        {"completed_at": completed_at.isoformat()},
    )  # fmt: skip
