"""Who acts on which referral, and whether it is still the one they saw: shared by its rooms."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.audit.types import Actor, Subject
from app.referrals.abuse.models import AbuseCase
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral
from app.referrals.types import ChangedMeanwhile

# In this order, whoever takes them.
_ROWS = tuple(
    select(row.id)
    .where(of.in_(bindparam("referrals", expanding=True)))
    .order_by(row.id)
    .with_for_update(key_share=True)
    for row, of in (
        (Referral, Referral.id),
        (AbuseCase, AbuseCase.referral_id),
        (AgencyCheck, AgencyCheck.referral_id),
    )
)


_CHILDREN = (
    select(Child)
    .where(Child.ref.in_(bindparam("refs", expanding=True)))
    .order_by(Child.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def taken_first(session: Session, *referral_ids: int) -> None:
    """Take the rows of referrals, their domestic abuse cases and their requests before the audit
    is written. The audit's head is held from its first row on: who came for one of these rows
    after that and who holds it and comes for the head would wait for each other."""
    for rows in _ROWS:
        session.execute(rows, {"referrals": referral_ids})


def children_first(session: Session, refs: Collection[str]) -> None:
    """Take the rows of known children in the same way, after those of referrals, as they are
    now."""
    if refs:
        session.execute(_CHILDREN, {"refs": list(refs)}).all()


def unchanged(referral: Referral, version: int | None) -> None:
    """A version given by a form must be the one in the database; None where there is no form."""
    if version is not None and version != referral.version:
        raise ChangedMeanwhile


def staff_id(actor: Actor) -> int:
    """The number of the member of staff who acts."""
    if actor.id is None:
        raise ValueError("only a member of staff does this: the actor has no id")
    return actor.id


def subject_of(referral: Referral) -> Subject:
    """The referral as the audit names it."""
    return Subject("referral", referral.ref)
