"""Cases opened by who sees none otherwise, restricted or not (H2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, case, func, null, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.models import Meeting
from app.meetings.restricted.models import BrokenGlass, CaseRestriction
from app.referrals.models import Referral


class Case(NamedTuple):
    """A referral with all its discussions, or the discussion of an open case."""

    referral_id: int | None
    meeting_id: int | None


_REFERRAL = bindparam("referral", type_=Integer())
_MEETING = bindparam("meeting", type_=Integer())
# By what an address begins with.
PLACES: Mapping[str, Select[*tuple[Any, ...]]] = {
    "referrals": select(Referral.id, type_coerce(null(), Integer)).where(
        Referral.ref == bindparam("ref")
    ),
    "discussions": select(
        Meeting.referral_id, case((Meeting.referral_id.is_(None), Meeting.id))
    ).where(Meeting.ref == bindparam("ref")),
}
_OPEN_UNTIL = (
    select(func.max(BrokenGlass.ends_at, type_=UTCDateTime()))
    .outerjoin(CaseRestriction, CaseRestriction.id == BrokenGlass.restriction_id)
    .where(
        BrokenGlass.staff_id == bindparam("who"),
        or_(
            BrokenGlass.referral_id == _REFERRAL,
            BrokenGlass.meeting_id == _MEETING,
            CaseRestriction.referral_id == _REFERRAL,
            CaseRestriction.meeting_id == _MEETING,
        ),
    )
)


def behind(session: Session, place: str, ref: str) -> Case | None:
    """The case that an address is about; None where there is none."""
    statement = PLACES.get(place)
    row = None if statement is None else session.execute(statement, {"ref": ref}).one_or_none()
    return Case._make(row) if row is not None else None


def open_until(session: Session, opened: Case, staff_id: int, now: datetime) -> datetime | None:
    """Until when this person has opened the case; None where they have not, or it is over."""
    values = {"who": staff_id, "referral": opened.referral_id, "meeting": opened.meeting_id}
    until = session.execute(_OPEN_UNTIL, values).scalar_one()
    return until if until is not None and until > now else None


def place_of(session: Session, ref: str) -> str | None:
    """How the addresses of the case with this reference begin; None where there is none."""
    return next((place for place in PLACES if behind(session, place, ref) is not None), None)
