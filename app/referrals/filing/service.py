"""Ticking that a referral was filed in the council's case system, and taking it back (A2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.core.refusal import Refused
from app.referrals.acting import staff_id, subject_of
from app.referrals.filing import queries
from app.referrals.filing.models import ReferralFiling
from app.referrals.filing.rules import check_fileable
from app.referrals.models import Child, Referral


def file(
    session: Session, actor: Actor, referral: Referral, child: Child, seen: int, now: datetime
) -> None:
    """The referral stands in the case system under this child's reference.

    `seen` is the child's version on the page. Pressed twice it stands once; under a new reference
    it is filed anew. Raises Refused (field `filed`) without a reference, or where it changed.
    """
    reference = check_fileable(child.case_reference, child.version, seen)
    held = queries.for_change(session, referral.id, child.id)
    if held is not None and held.reference == reference:
        return
    if held is None:
        held = ReferralFiling(referral_id=referral.id, child_id=child.id)
        session.add(held)
    held.reference, held.filed_by_id, held.filed_at = reference, staff_id(actor), now
    session.flush()
    record(
        session, actor, "referral filed in the case system", subject_of(referral), now,
        {"child": child.ref},
    )  # fmt: skip


def take_back(
    session: Session, actor: Actor, referral: Referral, child: Child, now: datetime
) -> None:
    """It does not stand there, or not any more. Raises Refused where nobody said it does."""
    held = queries.for_change(session, referral.id, child.id)
    if held is None:
        raise Refused("filed", "That tick was taken back already")
    session.delete(held)
    session.flush()
    record(
        session, actor, "referral not filed in the case system after all", subject_of(referral),
        now, {"child": child.ref},
    )  # fmt: skip
