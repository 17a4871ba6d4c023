"""What of a referral was filed in the case system."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.referrals.filing.models import ReferralFiling
from app.referrals.filing.rules import Tick
from app.referrals.models import Child, Referral

_FILED = (
    select(
        ReferralFiling.child_id, Child.ref, Child.given_name, Child.family_name,
        ReferralFiling.reference, Staff.name, ReferralFiling.filed_at,
    )
    .join(Child, Child.id == ReferralFiling.child_id)
    .join(Staff, Staff.id == ReferralFiling.filed_by_id)
    .where(ReferralFiling.referral_id == bindparam("referral"))
    .order_by(ReferralFiling.id)
)  # fmt: skip
_ONE = select(ReferralFiling).where(
    ReferralFiling.referral_id == bindparam("referral"),
    ReferralFiling.child_id == bindparam("child"),
)
_LOCK = select(Referral.id).where(Referral.id == bindparam("referral")).with_for_update()


class Filed(NamedTuple):
    """The tick of one child, who may have left the referral since."""

    child_id: int
    child_ref: str
    name: str
    tick: Tick


def filed(session: Session, referral_id: int) -> list[Filed]:
    """Every tick of a referral: one statement."""
    return [
        Filed(child_id, ref, f"{given} {family}".strip(), Tick(reference, by, at))
        for child_id, ref, given, family, reference, by, at in session.execute(
            _FILED, {"referral": referral_id}
        )
    ]


def for_change(session: Session, referral_id: int, child_id: int) -> ReferralFiling | None:
    """A tick; two who press at once come here one after the other."""
    session.execute(_LOCK, {"referral": referral_id})
    return session.execute(_ONE, {"referral": referral_id, "child": child_id}).scalar_one_or_none()
