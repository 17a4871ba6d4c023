"""What came by the public form and waits to be taken in, the most urgent clock first."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.referrals.models import Referral
from app.referrals.public.models import Arrival

MOST = 25


class Waiting(NamedTuple):
    """One referral that nobody has taken in yet."""

    id: int
    ref: str
    children: str
    source: str
    risk_now: bool
    sent_at: datetime
    decision_due_at: datetime


_WAITING = (
    select(
        Arrival.id,
        Arrival.ref,
        Arrival.children,
        Arrival.source,
        Arrival.risk_now,
        Arrival.sent_at,
        Arrival.decision_due_at,
    )
    .where(Arrival.sent_at.is_not(None), Arrival.settled_at.is_(None))
    .order_by(Arrival.decision_due_at, Arrival.id)
    .limit(MOST)
)


def waiting(session: Session) -> list[Waiting]:
    """At most 25, those whose decision is due first on top: one statement."""
    # What was sent has all of them: the database holds it to that.
    return [Waiting._make(row) for row in session.execute(_WAITING)]


class Settled(NamedTuple):
    """What became of a referral from outside; empty while it waits."""

    at: datetime | None
    by: str | None
    referral_ref: str | None


_SETTLED = (
    select(Arrival.settled_at, Staff.name, Referral.ref)
    .outerjoin(Staff, Staff.id == Arrival.settled_by_id)
    .outerjoin(Referral, Referral.id == Arrival.referral_id)
    .where(Arrival.id == bindparam("arrival"))
)


def settled(session: Session, arrival_id: int) -> Settled:
    """Who took it in or closed it, and when."""
    return Settled(*session.execute(_SETTLED, {"arrival": arrival_id}).one())
