"""When assessments under section 17 were complete (F8)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.referrals.assessment.models import AssessmentCompleted
from app.referrals.models import Referral, ReferralDecision
from app.referrals.outcome.models import ReferralReopening
from app.referrals.types import Outcome

_REOPENED = (
    select(func.max(ReferralReopening.reopened_at))
    .where(ReferralReopening.referral_id == bindparam("referral"))
    .scalar_subquery()
)
# Something else was decided after it: what is decided as an assessment since is another one.
_ENDED_SINCE = exists().where(
    ReferralDecision.referral_id == AssessmentCompleted.referral_id,
    ReferralDecision.outcome != Outcome.SECTION_17,
    ReferralDecision.decided_at > AssessmentCompleted.recorded_at,
)
_COMPLETED = (
    select(
        AssessmentCompleted,
        Staff.name,
        (_REOPENED.is_(None) | (AssessmentCompleted.recorded_at >= _REOPENED)) & ~_ENDED_SINCE,
    )
    .join(Staff, Staff.id == AssessmentCompleted.recorded_by_id)
    .where(AssessmentCompleted.referral_id == bindparam("referral"))
    .order_by(AssessmentCompleted.id.desc())
)
# One is decided on a referral, and was not noted as complete since it was last opened again, or
# decided again after something else.
UNDER_WAY = (Referral.outcome == Outcome.SECTION_17) & ~exists().where(
    AssessmentCompleted.referral_id == Referral.id,
    ~exists().where(
        ReferralReopening.referral_id == Referral.id,
        ReferralReopening.reopened_at > AssessmentCompleted.recorded_at,
    ),
    ~_ENDED_SINCE,
)


class Completed(NamedTuple):
    """`holds` where it was noted since the referral was last opened again, and nothing else was
    decided after it."""

    row: AssessmentCompleted
    by: str
    holds: bool


def completed(session: Session, referral_id: int) -> list[Completed]:
    """What was noted of the assessment of a referral, the newest first."""
    return [Completed(*row) for row in session.execute(_COMPLETED, {"referral": referral_id})]
