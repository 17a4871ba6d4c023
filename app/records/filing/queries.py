"""Which signed records were filed in the case system, for which child."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.meetings.models import Meeting, MeetingChild
from app.records.filing.models import RecordFiling
from app.records.models import RecordVersion
from app.referrals.filing.rules import Tick, TickShown, tick_shown
from app.referrals.models import Child

_NEWER = aliased(RecordVersion)
_NEWEST = (
    select(
        Meeting.ref, RecordVersion.number, Child.id, Child.ref, Child.given_name,
        Child.family_name, Child.case_reference, Child.version, RecordFiling.reference,
        Staff.name, RecordFiling.filed_at,
    )
    .select_from(RecordVersion)
    .join(Meeting, Meeting.id == RecordVersion.meeting_id)
    .join(MeetingChild, MeetingChild.meeting_id == Meeting.id)
    .join(Child, Child.id == MeetingChild.child_id)
    .outerjoin(
        RecordFiling,
        (RecordFiling.version_id == RecordVersion.id) & (RecordFiling.child_id == Child.id),
    )
    .outerjoin(Staff, Staff.id == RecordFiling.filed_by_id)
    .where(
        ~exists().where(
            _NEWER.meeting_id == RecordVersion.meeting_id, _NEWER.number > RecordVersion.number
        )
    )
    .order_by(Meeting.id, MeetingChild.position)
)  # fmt: skip
_OF_REFERRAL = _NEWEST.where(Meeting.referral_id == bindparam("referral"))
_OF_MEETING = _NEWEST.where(Meeting.id == bindparam("meeting"))
_ONE = select(RecordFiling).where(
    RecordFiling.version_id == bindparam("version"), RecordFiling.child_id == bindparam("child")
)


class RecordTick(NamedTuple):
    """The newest signed version of one record, for one child."""

    ref: str
    number: int
    child_id: int
    child_ref: str
    name: str
    reference: str | None
    child_version: int
    shown: TickShown


def of_referral(session: Session, referral_id: int) -> list[RecordTick]:
    """For each record of a referral's discussions and each child of it: one statement."""
    return _ticks(session.execute(_OF_REFERRAL, {"referral": referral_id}))


def of_meeting(session: Session, meeting_id: int) -> list[RecordTick]:
    """The same of one discussion, which may have come from an open case (A11)."""
    return _ticks(session.execute(_OF_MEETING, {"meeting": meeting_id}))


def _ticks(rows: Iterable[Row[Any]]) -> list[RecordTick]:
    return [_tick(*tuple(row)) for row in rows]


def _tick(
    ref: str,
    number: int,
    child_id: int,
    child_ref: str,
    given: str,
    family: str,
    reference: str | None,
    version: int,
    filed: str | None,
    by: str,
    at: datetime,
) -> RecordTick:
    shown = tick_shown(Tick(filed, by, at) if filed else None, reference)
    name = f"{given} {family}".strip()
    return RecordTick(ref, number, child_id, child_ref, name, reference, version, shown)


def tick_of(session: Session, version_id: int, child_id: int) -> RecordFiling | None:
    """One tick, if it is there."""
    return session.execute(_ONE, {"version": version_id, "child": child_id}).scalar_one_or_none()
