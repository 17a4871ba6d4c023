"""Who has a referral, and who had it before."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.referrals.allocation.models import ReferralAllocation

_by = aliased(Staff)
_HOLDS = select(ReferralAllocation).where(
    ReferralAllocation.referral_id == bindparam("referral"), ReferralAllocation.ended_at.is_(None)
)
_ALL = (
    select(ReferralAllocation, Staff.name, _by.name)
    .join(Staff, Staff.id == ReferralAllocation.social_worker_id)
    .join(_by, _by.id == ReferralAllocation.allocated_by_id)
    .where(ReferralAllocation.referral_id == bindparam("referral"))
    .order_by(ReferralAllocation.id.desc())
)


class Allocated(NamedTuple):
    """One allocation, to whom, and by whom."""

    allocation: ReferralAllocation
    social_worker: str
    by: str


def holding(session: Session, referral_id: int) -> ReferralAllocation | None:
    """The allocation that holds."""
    return session.execute(_HOLDS, {"referral": referral_id}).scalar_one_or_none()


def allocations(session: Session, referral_id: int) -> list[Allocated]:
    """Every allocation of a referral, the newest first."""
    return [Allocated(*row) for row in session.execute(_ALL, {"referral": referral_id})]
