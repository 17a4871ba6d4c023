"""Who was taken off a referral."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.referrals.joining.models import ChildTakenOff
from app.referrals.models import Child

_TAKEN_OFF = (
    select(ChildTakenOff, Child.ref, Staff.name)
    .join(Child, Child.id == ChildTakenOff.child_id)
    .join(Staff, Staff.id == ChildTakenOff.by_id)
    .where(ChildTakenOff.referral_id == bindparam("referral"))
    .order_by(ChildTakenOff.id)
)


class TakenOff(NamedTuple):
    """The child is named by reference alone: it has nothing to do with this family."""

    row: ChildTakenOff
    child_ref: str
    by: str


def taken_off(session: Session, referral_id: int) -> list[TakenOff]:
    """Every child taken off a referral: one statement."""
    return [TakenOff(*row) for row in session.execute(_TAKEN_OFF, {"referral": referral_id})]
