"""Stages of the ratings of a referral, and disagreements over them (A5)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.referrals.models import ReferralRating
from app.referrals.outcome.models import ReferralReopening
from app.referrals.rating.models import RatingDispute, RatingDisputeStep
from app.referrals.rating.types import Rated

_LAST_REOPENED = select(func.max(ReferralReopening.reopened_at)).where(
    ReferralReopening.referral_id == bindparam("referral")
)
_REOPENED = _LAST_REOPENED.scalar_subquery()
_RATED = (
    select(
        ReferralRating.rating,
        ReferralRating.stage,
        _REOPENED.is_(None) | (ReferralRating.rated_at >= _REOPENED),
    )
    .where(ReferralRating.referral_id == bindparam("referral"))
    .order_by(ReferralRating.id)
)
_NEWEST = (
    select(ReferralRating)
    .where(ReferralRating.referral_id == bindparam("referral"))
    .order_by(ReferralRating.id.desc())
    .limit(1)
)
_OPEN = select(RatingDispute).where(
    RatingDispute.referral_id == bindparam("referral"), RatingDispute.settled_at.is_(None)
)
_ALL = (
    select(RatingDispute, Staff.name)
    .join(Staff, Staff.id == RatingDispute.raised_by_id)
    .where(RatingDispute.referral_id == bindparam("referral"))
    .order_by(RatingDispute.id.desc())
)
_STEPS = (
    select(RatingDisputeStep, Staff.name)
    .join(Staff, Staff.id == RatingDisputeStep.recorded_by_id)
    .join(RatingDispute, RatingDispute.id == RatingDisputeStep.dispute_id)
    .where(RatingDispute.referral_id == bindparam("referral"))
    .order_by(RatingDisputeStep.id)
)


def rated(session: Session, referral_id: int) -> list[Rated]:
    """Every rating of a referral, the oldest first, and whether it was given since the referral
    was last opened again."""
    return [
        Rated(rating, stage, bool(current))
        for rating, stage, current in session.execute(_RATED, {"referral": referral_id})
    ]


def newest(session: Session, referral_id: int) -> ReferralRating | None:
    """The rating that holds."""
    return session.execute(_NEWEST, {"referral": referral_id}).scalar_one_or_none()


def open_dispute(session: Session, referral_id: int) -> RatingDispute | None:
    """The disagreement that is not settled yet."""
    return session.execute(_OPEN, {"referral": referral_id}).scalar_one_or_none()


def reopened_at(session: Session, referral_id: int) -> datetime | None:
    """When a referral was last opened again."""
    return session.execute(_LAST_REOPENED, {"referral": referral_id}).scalar_one()


class ToldStep(NamedTuple):
    step: RatingDisputeStep
    by: str


class Disputed(NamedTuple):
    """One disagreement, who wrote it down, and what each step said so far."""

    dispute: RatingDispute
    by: str
    steps: list[ToldStep]


def disputes(session: Session, referral_id: int) -> list[Disputed]:
    """Every disagreement over the rating of a referral, the newest first."""
    rows = session.execute(_ALL, {"referral": referral_id}).all()
    if not rows:
        return []
    steps = [ToldStep(*row) for row in session.execute(_STEPS, {"referral": referral_id})]
    return [
        Disputed(dispute, by, [one for one in steps if one.step.dispute_id == dispute.id])
        for dispute, by in rows
    ]
