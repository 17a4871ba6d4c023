"""With which children somebody in the directory works (A2, C2)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.referrals.models import Child, ChildProfessional, Referral, ReferralChild

MOST = 50
# Cut by its index before anything is looked up.
_FIRST = (
    select(ChildProfessional.child_id, ChildProfessional.actively_involved, ChildProfessional.lead)
    .where(ChildProfessional.professional_id == bindparam("professional_id"))
    .order_by(ChildProfessional.actively_involved.desc(), ChildProfessional.child_id.desc())
    .limit(MOST)
    .subquery()
)
_LATEST = (
    select(func.max(ReferralChild.referral_id))
    .where(ReferralChild.child_id == _FIRST.c.child_id)
    .correlate(_FIRST)
    .scalar_subquery()
)
_CHILDREN = (
    select(
        Child.id,
        Child.given_name,
        Child.family_name,
        Child.date_of_birth,
        Child.due_date,
        _FIRST.c.actively_involved,
        _FIRST.c.lead,
        Referral.ref,
    )
    .select_from(_FIRST)
    .join(Child, Child.id == _FIRST.c.child_id)
    .outerjoin(Referral, Referral.id == _LATEST)
    .order_by(_FIRST.c.actively_involved.desc(), _FIRST.c.child_id.desc())
)


class InvolvedChild(NamedTuple):
    """A child somebody works with, and the newest referral on the child."""

    child_id: int
    given_name: str
    family_name: str
    born: date | None
    due: date | None
    actively_involved: bool
    lead: bool
    referral_ref: str | None


def children_of(session: Session, professional_id: int) -> list[InvolvedChild]:
    """The children this person works with: actively involved first, the newest first."""
    rows = session.execute(_CHILDREN, {"professional_id": professional_id})
    return [InvolvedChild(*row) for row in rows]
