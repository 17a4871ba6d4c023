"""Which referral comes within 12 months of another on the same child (A3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.referrals import queries, rules
from app.referrals.acting import subject_of
from app.referrals.models import Referral
from app.referrals.outcome.queries import closed_as_none


def earlier_of(
    session: Session, child_ids: Collection[int], received_at: datetime, but: int | None = None
) -> int | None:
    """The newest referral on one of these children within 12 months before `received_at`, those
    left out that were closed as none (A12).

    `but` is the referral that is asked about, where it is written already: no earlier one of
    itself, and of two of the same minute the one that was written first is the earlier.
    """
    found = [
        earlier.id
        for earlier in queries.referrals_on(session, child_ids)
        if earlier.id != but
        and (but is None or (earlier.received_at, earlier.id) < (received_at, but))
        and rules.is_re_referral(earlier.received_at, received_at)
    ]
    none = closed_as_none(session, found)
    return next((referral_id for referral_id in found if referral_id not in none), None)


def beside(session: Session, referral: Referral) -> list[int]:
    """The numbers of this referral and every other one on the same children."""
    found = queries.referrals_on(session, [row.child_id for row in referral.children])
    return sorted({referral.id, *(one.id for one in found)})


def count_beside(session: Session, actor: Actor, referral: Referral, now: datetime) -> None:
    """Anew for every referral on the same children: this one counts now, or does no more."""
    others = [one for one in beside(session, referral) if one != referral.id]
    count_anew(session, actor, [session.get_one(Referral, one) for one in others], now)


def count_anew(
    session: Session, actor: Actor, referrals: Iterable[Referral], now: datetime
) -> None:
    """Anew what each of these is a re-referral of: its children or its moment were changed.

    Whichever changes by it says so in the audit, for its reader and for the figures (G3).
    """
    changed = []
    for referral in referrals:
        session.refresh(referral, ["children"])
        on_it = [row.child_id for row in referral.children]
        before = referral.earlier_referral_id
        referral.earlier_referral_id = earlier_of(session, on_it, referral.received_at, referral.id)
        if referral.earlier_referral_id != before:
            changed.append(referral)
    # Every row before the audit, whose head is locked from its first row on.
    session.flush()
    for referral in changed:
        details = {"re_referral": referral.earlier_referral_id is not None}
        record(session, actor, "re-referral counted anew", subject_of(referral), now, details)
