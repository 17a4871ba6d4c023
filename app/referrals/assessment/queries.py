"""When assessments under section 17 were complete (F8)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.referrals.assessment.models import AssessmentCompleted
from app.referrals.models import Referral, ReferralDecision
from app.referrals.outcome.models import ReferralReopening
from app.referrals.types import Outcome

_REOPENED = (
    select(func.max(ReferralReopening.reopened_at))
    .where(ReferralReopening.referral_id == bindparam("referral"))
    .scalar_subquery()
)
_ANEW = (
    select(func.max(ReferralReopening.reopened_at, type_=UTCDateTime()))
    .where(
        ReferralReopening.referral_id == bindparam("referral"),
        ReferralReopening.was_outcome != Outcome.SECTION_17,
    )
    .scalar_subquery()
)
# Something else was decided after the decision that held when it was noted: what is decided as an
# assessment since is another one. What else was decided may be written down later than it was
# decided, so its place counts, and no time.
_held, _else = aliased(ReferralDecision), aliased(ReferralDecision)
_ENDED_SINCE = exists().where(
    _else.referral_id == AssessmentCompleted.referral_id,
    _else.outcome != Outcome.SECTION_17,
    _else.id
    > select(func.coalesce(func.max(_held.id), 0))
    .where(
        _held.referral_id == AssessmentCompleted.referral_id,
        _held.outcome == Outcome.SECTION_17,
        _held.decided_at <= AssessmentCompleted.recorded_at,
    )
    .correlate(AssessmentCompleted)
    .scalar_subquery(),
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


def begun_anew_at(session: Session, referral_id: int) -> datetime | None:
    """When a referral was last opened again after something else: one that was decided as an
    assessment and opened again by mistake may have been complete before."""
    return session.execute(select(_ANEW), {"referral": referral_id}).scalar_one()


def completed(session: Session, referral_id: int) -> list[Completed]:
    """What was noted of the assessment of a referral, the newest first."""
    return [Completed(*row) for row in session.execute(_COMPLETED, {"referral": referral_id})]
