"""A decision was taken at another moment than was written down (A7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.referrals.abuse import queries as abuse
from app.referrals.acting import subject_of
from app.referrals.models import Referral, ReferralDecision
from app.referrals.rating.queries import reopened_at

_LAST = (
    select(ReferralDecision)
    .where(ReferralDecision.referral_id == bindparam("referral"))
    .order_by(ReferralDecision.id.desc())
    .limit(1)
)


def decided_at_another_time(
    session: Session, actor: Actor, referral: Referral, was: datetime, at: datetime, now: datetime
) -> None:
    """What was said to be needed and decided at the moment `was` was so at `at`: the last decision,
    the clocks that stopped with it, and the need. The referral was taken first; whatever has
    another moment stays. A decision is never before the referral came in or was opened again."""
    since = reopened_at(session, referral.id) or referral.received_at
    before, after = max(was, since), max(at, since)
    if referral.need_identified_at == was:
        referral.need_identified_at = at
    decision = session.execute(_LAST, {"referral": referral.id}).scalar_one_or_none()
    if decision is None or decision.decided_at != before:
        return
    decision.decided_at = after
    if referral.decided_at == before:
        referral.decided_at = after
    case = abuse.of_referral(session, referral.id)
    if case is not None and case.closed_at == before:
        case.closed_at = after
    session.flush()
    record(
        session, actor, "moment of the decision corrected", subject_of(referral), now,
        {"decided_before": before.isoformat(), "decided_at": after.isoformat()},
    )  # fmt: skip
