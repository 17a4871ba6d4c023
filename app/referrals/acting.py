"""Who acts on which referral, and whether it is still the one they saw: shared by its rooms."""

from __future__ import annotations

from app.audit.types import Actor, Subject
from app.referrals.models import Referral
from app.referrals.types import ChangedMeanwhile


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
