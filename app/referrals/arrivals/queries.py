"""What came by the public form and waits to be taken in: who may be at risk now comes first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.referrals.arrivals.models import ArrivalReopening
from app.referrals.models import Referral
from app.referrals.outcome.types import FilterReason
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
    """How many wait to be taken in; asked where a list is cut, and by a search."""
    return session.execute(_HOW_MANY).scalar_one()


class Closed(NamedTuple):
    """One form that was closed as no referral."""

    id: int
    ref: str
    children: str
    source: str
    sent_at: datetime
    settled_at: datetime
    by: str
    filtered: FilterReason


_CLOSED = (
    select(
        Arrival.id,
        Arrival.ref,
        Arrival.children,
        Arrival.source,
        Arrival.sent_at,
        Arrival.settled_at,
        Staff.name,
        Arrival.filtered,
    )
    .join(Staff, Staff.id == Arrival.settled_by_id)
    .where(Arrival.filtered.is_not(None))
    .limit(MOST + 1)
)
_BEFORE = tuple_(bindparam("moment", type_=UTCDateTime()), bindparam("last", type_=Integer()))
_BY_SENT = _CLOSED.order_by(Arrival.sent_at.desc(), Arrival.id.desc())
_BY_SENT_BEFORE = _BY_SENT.where(tuple_(Arrival.sent_at, Arrival.id) < _BEFORE)
_BY_CLOSED = _CLOSED.order_by(Arrival.settled_at.desc(), Arrival.id.desc())
_BY_CLOSED_BEFORE = _BY_CLOSED.where(tuple_(Arrival.settled_at, Arrival.id) < _BEFORE)
_COUNTED = (
    select(Arrival.filtered, func.count())
    .where(
        Arrival.filtered.is_not(None),
        Arrival.settled_at >= bindparam("since", type_=UTCDateTime()),
    )
    .group_by(Arrival.filtered)
)
_REOPENED = (
    select(ArrivalReopening, Staff.name)
    .join(Staff, Staff.id == ArrivalReopening.reopened_by_id)
    .where(ArrivalReopening.arrival_id == bindparam("arrival"))
    .order_by(ArrivalReopening.id.desc())
)


def closed_by_sent(session: Session, before: tuple[datetime, int] | None) -> list[Closed]:
    """At most 26 forms closed as no referral, the last sent first; `before` is (sent_at, id)."""
    return _closed(session, _BY_SENT if before is None else _BY_SENT_BEFORE, before)


def closed_by_closing(session: Session, before: tuple[datetime, int] | None) -> list[Closed]:
    """The same, the last closed first; `before` is (settled_at, id)."""
    return _closed(session, _BY_CLOSED if before is None else _BY_CLOSED_BEFORE, before)


def _closed(
    session: Session, query: Select[*tuple[Any, ...]], before: tuple[datetime, int] | None
) -> list[Closed]:
    values = {"moment": before[0], "last": before[1]} if before is not None else {}
    return [Closed._make(row) for row in session.execute(query, values)]


def counted(session: Session, since: datetime) -> dict[FilterReason, int]:
    """How many forms were closed as no referral since the aware moment, by reason (A12)."""
    rows = session.execute(_COUNTED, {"since": since})
    return {reason: count for reason, count in rows if reason is not None}


class Reopened(NamedTuple):
    reopening: ArrivalReopening
    by: str


def reopenings(session: Session, arrival_id: int) -> list[Reopened]:
    """When a form was opened again, the newest first."""
    return [Reopened(*row) for row in session.execute(_REOPENED, {"arrival": arrival_id})]


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
