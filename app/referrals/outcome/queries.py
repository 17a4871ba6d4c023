"""What stands beside the decisions on a referral (A7, A9, A12)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.directory.models import Agency
from app.referrals.models import Referral, ReferralConsent, ReferralDecision
from app.referrals.outcome.models import OnwardReferral, ReferralReopening
from app.referrals.outcome.types import Decided, FilterReason

_ONWARD = (
    select(OnwardReferral, Staff.name, Agency.name)
    .join(Staff, Staff.id == OnwardReferral.recorded_by_id)
    .outerjoin(Agency, Agency.id == OnwardReferral.agency_id)
    .where(OnwardReferral.referral_id == bindparam("referral"))
    .order_by(OnwardReferral.id)
)
_REOPENINGS = (
    select(ReferralReopening, Staff.name)
    .join(Staff, Staff.id == ReferralReopening.reopened_by_id)
    .where(ReferralReopening.referral_id == bindparam("referral"))
    .order_by(ReferralReopening.id.desc())
)
_NEWEST_CONSENT = (
    select(ReferralConsent.id)
    .where(ReferralConsent.referral_id == bindparam("referral"))
    .order_by(ReferralConsent.id.desc())
    .limit(1)
)
_DECISIONS = (
    select(ReferralDecision.outcome, ReferralDecision.decided_at)
    .where(ReferralDecision.referral_id == bindparam("referral"))
    .order_by(ReferralDecision.id)
)
# One that was opened again is not closed: it has no moment of its decision.
_FILTERED = (
    select(Referral.filtered, func.count())
    .where(
        Referral.filtered.is_not(None),
        Referral.decided_at >= bindparam("since", type_=UTCDateTime()),
    )
    .group_by(Referral.filtered)
)


class Onward(NamedTuple):
    onward: OnwardReferral
    by: str
    agency: str | None


class Reopened(NamedTuple):
    reopening: ReferralReopening
    by: str


def onward(session: Session, referral_id: int) -> list[Onward]:
    """Where a referral was referred on to (A9)."""
    return [Onward(*row) for row in session.execute(_ONWARD, {"referral": referral_id})]


def reopenings(session: Session, referral_id: int) -> list[Reopened]:
    """When a referral was opened again, the newest first."""
    return [Reopened(*row) for row in session.execute(_REOPENINGS, {"referral": referral_id})]


def newest_consent(session: Session, referral_id: int) -> int | None:
    """The number of the consent that holds."""
    return session.execute(_NEWEST_CONSENT, {"referral": referral_id}).scalar_one_or_none()


def decisions(session: Session, referral_id: int) -> list[Decided]:
    """What was decided of a referral, and when, in the order in which it was written."""
    return [Decided(*row) for row in session.execute(_DECISIONS, {"referral": referral_id})]


def filtered(session: Session, since: datetime) -> dict[FilterReason, int]:
    """How many referrals were closed as none since the aware moment, by reason (A12)."""
    rows = session.execute(_FILTERED, {"since": since})
    return {reason: count for reason, count in rows if reason is not None}


_CLOSED_AS_NONE = select(Referral.id).where(
    Referral.id.in_(bindparam("ids", expanding=True)),
    Referral.decided_at.is_not(None),
    Referral.filtered.is_not(None),
)


def closed_as_none(session: Session, ids: Collection[int]) -> set[int]:
    """Which of these referrals were closed as no referral and not opened again since (A12)."""
    if not ids:
        return set()
    return set(session.execute(_CLOSED_AS_NONE, {"ids": list(ids)}).scalars())
