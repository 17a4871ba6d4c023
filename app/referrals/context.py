"""What stands round a referral: where it came from, who wrote it down, what came before."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.directory.models import Agency, Professional
from app.referrals.models import Referral


class Context(NamedTuple):
    """The rows round a referral: where it came from, who wrote it down, what came before."""

    source: str
    recorded_by: str
    referrer: str | None
    earlier_ref: str | None
    earlier_received_at: datetime | None


_EARLIER_ONE = aliased(Referral)
_CONTEXT = (
    select(
        Agency.name,
        Staff.name,
        Professional.name,
        _EARLIER_ONE.ref,
        _EARLIER_ONE.received_at,
    )
    .select_from(Referral)
    .join(Agency, Agency.id == Referral.source_agency_id)
    .join(Staff, Staff.id == Referral.recorded_by_id)
    .outerjoin(Professional, Professional.id == Referral.referrer_professional_id)
    .outerjoin(_EARLIER_ONE, _EARLIER_ONE.id == Referral.earlier_referral_id)
    .where(Referral.id == bindparam("referral"))
)


def context_of(session: Session, referral_id: int) -> Context:
    """Names and references that a referral's page shows beside its own columns."""
    return Context(*session.execute(_CONTEXT, {"referral": referral_id}).one())
