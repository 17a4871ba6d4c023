"""Assessments that were over before this installation counted them (F8, I2)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from app.referrals.models import Referral

MOST = 200  # on one page; the others come up as these are said
# By the index of what is under way, however many referrals there are.
_PAST = (Referral.assessment_due_at.is_not(None), Referral.assessment_past.is_(True))
HOW_MANY_PAST = select(func.count(Referral.id)).where(*_PAST)
_ROWS = (
    select(Referral.id, Referral.ref, Referral.received_at, Referral.assessment_due_at)
    .where(*_PAST)
    .order_by(Referral.assessment_due_at, Referral.id)
)
_NEXT = (
    select(Referral.id)
    .where(*_PAST, Referral.id > bindparam("after", type_=Integer()))
    .order_by(Referral.id)
    .limit(1)
)


class Past(NamedTuple):
    id: int
    ref: str
    received_at: datetime
    due_at: datetime


def past(session: Session) -> list[Past]:
    """All of them, the oldest first."""
    rows = session.execute(_ROWS).all()
    return [Past(id_, ref, at, due_at) for id_, ref, at, due_at in rows if due_at is not None]


def next_past(session: Session, after: int) -> int | None:
    """The first whose number comes after `after`."""
    return session.execute(_NEXT, {"after": after}).scalar()
