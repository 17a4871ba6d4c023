"""The clock on which agencies answer, kept on each open request (A6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.protocols.types import Protocol
from app.referrals.checks import rules
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import DueBy
from app.referrals.models import Referral
from app.referrals.outcome.models import ReferralReopening

_REOPENED = select(func.max(ReferralReopening.reopened_at)).where(
    ReferralReopening.referral_id == bindparam("referral")
)
_OPEN = select(AgencyCheck).where(
    AgencyCheck.referral_id == bindparam("referral"),
    AgencyCheck.answered_at.is_(None),
    AgencyCheck.withdrawn_at.is_(None),
)


def due_for(session: Session, protocol: Protocol, referral: Referral) -> DueBy:
    """When agencies asked about this referral are to have answered."""
    reopened = session.execute(_REOPENED, {"referral": referral.id}).scalar_one()
    return rules.due_by(protocol, referral, referral.decision_due_at, reopened)


def refresh_due(session: Session, protocol: Protocol, referral: Referral, now: datetime) -> None:
    """Open requests follow the clock of the new rating; what is answered keeps its own."""
    waiting = list(session.execute(_OPEN, {"referral": referral.id}).scalars())
    if not waiting:
        return
    due = due_for(session, protocol, referral)
    for check in waiting:
        if check.due_at == due.at:
            continue
        check.due_at, check.due_rule, check.due_source = due.at, due.rule, due.source
        if check.invitation_id is not None and check.reminders < rules.AUTOMATIC:
            check.next_reminder_at = rules.first_reminder(now, due.at) or now
    session.flush()
