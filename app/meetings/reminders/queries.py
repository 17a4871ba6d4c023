"""Which discussions are near, and who was told what of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.models import Delivery, Invitee, Meeting, Report
from app.meetings.reminders.models import ReminderSent
from app.meetings.types import MeetingState, MessageKind

_BOOKED = bindparam(
    None, MeetingState.BOOKED, type_=Meeting.__table__.c.state.type, literal_execute=True
)
_NEAR = (
    select(Meeting.ref, Meeting.starts_at)
    .where(
        Meeting.state == _BOOKED,
        Meeting.starts_at > bindparam("now", type_=UTCDateTime()),
        Meeting.starts_at <= bindparam("until", type_=UTCDateTime()),
    )
    .order_by(Meeting.starts_at, Meeting.id)
)
_TOLD = (
    select(Delivery.invitee_id, func.max(Delivery.at))
    .join(Invitee, Invitee.id == Delivery.invitee_id)
    .where(
        Invitee.meeting_id == bindparam("meeting_id"),
        Delivery.kind.in_((MessageKind.INVITATION, MessageKind.UPDATE)),
    )
    .group_by(Delivery.invitee_id)
)
_REPORTED = (
    select(Report.invitee_id)
    .join(Invitee, Invitee.id == Report.invitee_id)
    .where(Invitee.meeting_id == bindparam("meeting_id"))
)
# A later reminder that went, or was passed over, stands for the earlier ones too.
_REMINDED = (
    select(ReminderSent.invitee_id)
    .join(Invitee, Invitee.id == ReminderSent.invitee_id)
    .where(
        Invitee.meeting_id == bindparam("meeting_id"),
        ReminderSent.starts_at == bindparam("starts_at", type_=UTCDateTime()),
        ReminderSent.hours_before <= bindparam("hours"),
    )
)


def near(session: Session, now: datetime, until: datetime) -> list[tuple[str, datetime]]:
    """Booked discussions that begin after `now` and by `until`: reference and start."""
    return [
        (ref, starts_at)
        for ref, starts_at in session.execute(_NEAR, {"now": now, "until": until})
        if starts_at is not None
    ]


def told_at(session: Session, meeting_id: int) -> dict[int, datetime]:
    """When each invitee was last invited or told of a change."""
    found: dict[int, datetime] = {}
    for invitee_id, at in session.execute(_TOLD, {"meeting_id": meeting_id}):
        found[invitee_id] = at
    return found


def reported(session: Session, meeting_id: int) -> set[int]:
    """Whose report has come."""
    return set(session.execute(_REPORTED, {"meeting_id": meeting_id}).scalars())


def reminded(session: Session, meeting_id: int, starts_at: datetime, hours: int) -> set[int]:
    """For whom this reminder, or a later one, is settled for this start."""
    values = {"meeting_id": meeting_id, "starts_at": starts_at, "hours": hours}
    return set(session.execute(_REMINDED, values).scalars())
