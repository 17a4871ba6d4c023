"""What of the example week is closed already: a few referrals that came to nothing more (H8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.cli.example.area import Area
from app.core.refusal import Refused
from app.referrals.models import Referral
from app.referrals.types import Outcome
from app.retention import service
from app.retention.types import CaseKey, CaseKind

CLOSED = 5
_DONE = (
    select(Referral.ref)
    .where(Referral.outcome.in_((Outcome.NO_FURTHER_ACTION, Outcome.ADVICE)))
    .order_by(Referral.decided_at, Referral.id)
    .limit(CLOSED)
)


def fill_archive(session: Session, area: Area, now: datetime) -> None:
    """The chair closes the first that are done, and holds one of them for a complaint."""
    chair = area.actor(Role.CHAIR)
    closed = []
    for ref in session.execute(_DONE).scalars().all():
        key = CaseKey(CaseKind.REFERRAL, ref)
        try:
            service.close(session, chair, key, now - timedelta(hours=3))
        except Refused:
            continue  # an agency has not answered yet
        closed.append(key)
    if closed:
        words = "The father has complained; everything is kept until the ombudsman has decided."
        service.hold(session, chair, closed[0], words, now - timedelta(hours=2))
