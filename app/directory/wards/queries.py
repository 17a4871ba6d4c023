"""Looking up wards."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.directory.wards.models import Ward

_LISTED = select(Ward).where(Ward.ended_at.is_(None)).order_by(Ward.area, Ward.name)
_ALL = select(Ward).order_by(Ward.area, Ward.name)


def listed(session: Session) -> list[Ward]:
    """Wards that can be chosen, by area and name."""
    return list(session.execute(_LISTED).scalars())


def every(session: Session) -> list[Ward]:
    """Also those that were taken off the list: referrals lie in them."""
    return list(session.execute(_ALL).scalars())


def ward(session: Session, ward_id: int) -> Ward | None:
    return session.get(Ward, ward_id)
