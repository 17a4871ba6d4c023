"""One case of the example week that not everybody may see: the child of a colleague (H2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.types import Subject
from app.cli.example.area import Area
from app.meetings.restricted import service
from app.referrals.acting import staff_id
from app.referrals.models import Referral
from app.referrals.sender import Sender
from app.referrals.types import Outcome

_ONE = (
    select(Referral)
    .where(Referral.outcome == Outcome.ADVICE)
    .order_by(Referral.decided_at.desc(), Referral.id.desc())
    .limit(1)
)


def restrict_one(session: Session, area: Area, sender: Sender, now: datetime) -> None:
    """The chair and the social worker see it, and nobody else."""
    referral = session.execute(_ONE).scalar_one_or_none()
    if referral is not None:
        service.restrict(
            session,
            area.actor(Role.CHAIR),
            Subject("referral", referral.ref),
            [staff_id(area.actor(Role.SOCIAL_WORKER))],
            "The mother works in our own duty team.",
            sender,
            now - timedelta(hours=1),
            referral_id=referral.id,
        )
