"""Undecided referrals whose domestic abuse risk was noted before a risk began a case: `flask
install` begins it, so that no list and no clock misses them (A8; DERBY 4.11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from app.audit.types import SYSTEM
from app.referrals.abuse.begun import begin_for
from app.referrals.abuse.models import AbuseCase
from app.referrals.acting import taken_first
from app.referrals.models import Referral

_WITHOUT_CASE = (
    select(Referral.id)
    .where(
        Referral.decided_at.is_(None),
        Referral.domestic_abuse.is_not(None),
        Referral.erased_at.is_(None),
        Referral.id > bindparam("after", type_=Integer()),
        ~select(AbuseCase.id).where(AbuseCase.referral_id == Referral.id).exists(),
    )
    .order_by(Referral.id)
    .limit(1)
)


def begin_next(session: Session, after: int, now: datetime) -> int | None:
    """Begin the case of the first such referral whose number comes after `after`. Returns that
    number, None where there is none: then each has its case. Nothing is begun twice."""
    found = session.execute(_WITHOUT_CASE, {"after": after}).scalar()
    if found is None:
        return None
    taken_first(session, found)
    referral = session.get_one(Referral, found)
    if referral.decided_at is None:
        begin_for(session, SYSTEM, referral, now)
    return found
