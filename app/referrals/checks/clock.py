"""The clock on which agencies answer, kept on each open request (A6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.protocols.types import Protocol
from app.referrals.checks import rules
from app.referrals.checks.queries import open_on
from app.referrals.checks.types import DueBy
from app.referrals.models import Referral
from app.referrals.rating.queries import reopened_at


def due_for(session: Session, protocol: Protocol, referral: Referral) -> DueBy:
    """When agencies asked about this referral are to have answered."""
    reopened = reopened_at(session, referral.id)
    return rules.due_by(protocol, referral, referral.decision_due_at, reopened)


def refresh_due(session: Session, protocol: Protocol, referral: Referral, now: datetime) -> None:
    """Open requests follow the clock of the new rating; what is answered keeps its own."""
    waiting = open_on(session, referral.id)
    if not waiting:
        return
    due = due_for(session, protocol, referral)
    for check in waiting:
        check.due_rule, check.due_force, check.due_source = due.rule, due.force, due.source
        if check.due_at == due.at:
            continue
        check.due_at = due.at
        if check.invitation_id is not None and check.reminders < rules.AUTOMATIC:
            check.next_reminder_at = rules.first_reminder(now, due.at) or now
    session.flush()
