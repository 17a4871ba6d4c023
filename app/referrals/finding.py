"""A referral behind an address, or no such page."""

from __future__ import annotations

from flask import abort
from sqlalchemy.orm import Session

from app.referrals import queries
from app.referrals.models import Referral


def found(session: Session, ref: str) -> Referral:
    """The referral of this reference, else 404."""
    held = queries.by_ref(session, ref)
    if held is None:
        abort(404)
    return held
