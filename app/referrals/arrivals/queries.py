"""What came by the public form and waits to be taken in: who may be at risk now comes first."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
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


# Who may be at risk now stands first, whatever the clocks say (A1).
_PLACE = (
    case((Arrival.risk_now, 0), else_=1),
    Arrival.decision_due_at,
    Arrival.id,
)
_WAITS = (Arrival.sent_at.is_not(None), Arrival.settled_at.is_(None))
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
    .where(*_WAITS)
    .order_by(*_PLACE)
    .limit(MOST)
)
_WAITING_AFTER = _WAITING.where(
    tuple_(*_PLACE)
    > tuple_(
        bindparam("place", type_=Integer()),
        bindparam("due", type_=UTCDateTime()),
        bindparam("last", type_=Integer()),
    )
)
_HOW_MANY = select(func.count()).select_from(Arrival).where(*_WAITS)


class After(NamedTuple):
    """The last row of the page before."""

    risk_now: bool
    decision_due_at: datetime
    id: int


def waiting(session: Session, after: After | None = None) -> list[Waiting]:
    """At most 25: who may be at risk now on top, then by when the decision is due."""
    if after is None:
        rows = session.execute(_WAITING)
    else:
        risk_now, due, last = after
        values = {"place": 0 if risk_now else 1, "due": due, "last": last}
        rows = session.execute(_WAITING_AFTER, values)
    # What was sent has all of them: the database holds it to that.
    return [Waiting._make(row) for row in rows]


def how_many_wait(session: Session) -> int:
    """How many wait to be taken in; asked only where a list is cut."""
    return session.execute(_HOW_MANY).scalar_one()


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
