"""Signed records that are not with everyone."""

from __future__ import annotations

from sqlalchemy import select

from app.core.database import literally
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.records.queries import RECORD_STILL_DUE

TO_CIRCULATE = (
    select(Meeting.id, Meeting.ref, RECORD_STILL_DUE.label("due_at"))
    .where(Meeting.state == literally(MeetingState.SIGNED), Meeting.circulated_at.is_(None))
    .order_by(Meeting.record_due_at, Meeting.id)
)
