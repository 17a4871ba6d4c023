"""Giving a referral to a named social worker, and taking it on (A5; HO2014 Merton)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.queries import social_workers
from app.audit.service import record
from app.audit.types import Actor
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals.acting import staff_id, subject_of, unchanged
from app.referrals.allocation import queries, rules
from app.referrals.allocation.models import ReferralAllocation
from app.referrals.models import Referral


def allocate(
    session: Session,
    actor: Actor,
    referral: Referral,
    social_worker: int,
    note: str,
    now: datetime,
    version: int | None = None,
) -> ReferralAllocation:
    """Allocate a referral to a social worker by their number; whoever had it has it no more.

    The decision on the referral is still taken. Raises Refused (`social_worker`) where the area
    does not do so with this rating or nobody fit is chosen, ChangedMeanwhile where somebody
    changed the referral first.
    """
    unchanged(referral, version)
    protocol = active(directory.council(session).protocol_id)
    before = queries.holding(session, referral.id)
    rules.check_allocate(
        protocol,
        referral.rating,
        social_worker,
        [number for number, _ in social_workers(session)],
        before.social_worker_id if before else 0,
    )
    if before is not None:
        before.ended_at = now
        session.flush()
    made = ReferralAllocation(
        referral_id=referral.id,
        social_worker_id=social_worker,
        note=note or None,
        allocated_by_id=staff_id(actor),
        allocated_at=now,
        taken_at=None,
        ended_at=None,
    )
    session.add(made)
    # Whoever allocates it at the same time is told.
    flag_modified(referral, "rating")
    session.flush()
    record(
        session, actor, "referral allocated", subject_of(referral), now,
        {"social_worker": social_worker, "before": before.social_worker_id if before else None},
    )  # fmt: skip
    return made


def take(session: Session, actor: Actor, referral: Referral, now: datetime) -> None:
    """The social worker says that they have it; a second press changes nothing. Raises Refused
    where it is not theirs."""
    held = queries.holding(session, referral.id)
    mine = held is not None and held.social_worker_id == staff_id(actor)
    rules.check_take(mine)
    if held is not None and held.taken_at is None:
        held.taken_at = now
        session.flush()
        record(session, actor, "allocation taken on", subject_of(referral), now)
