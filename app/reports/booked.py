"""Booked discussions that want a look: a select each, without limit (C11, D7)."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select

from app.core.database import UTCDateTime, any_of, literally
from app.meetings.beside import TOOK_PLACE_SINCE
from app.meetings.booking.cautions import ABSENT
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState

# Until it begins or gets another time. What took place at once instead is asked about below.
NOT_BEGUN = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(
        Meeting.state == literally(MeetingState.BOOKED),
        Meeting.starts_at < bindparam("begun_by", type_=UTCDateTime()),
        ~TOOK_PLACE_SINCE,
    )
    .order_by(Meeting.starts_at, Meeting.id)
)
WITHOUT_CHAIR = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(
        Meeting.state == literally(MeetingState.BOOKED),
        exists().where(
            Invitee.meeting_id == Meeting.id,
            Invitee.staff_id == Meeting.chair_id,
            Invitee.removed_at.is_(None),
            Invitee.answer.in_(any_of(ABSENT)),
        ),
    )
    .order_by(Meeting.starts_at, Meeting.id)
)
# Until somebody cancels it or keeps it with a reason, or it is held.
OVERTAKEN = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(Meeting.state == literally(MeetingState.BOOKED), TOOK_PLACE_SINCE)
    .order_by(Meeting.starts_at, Meeting.id)
)
