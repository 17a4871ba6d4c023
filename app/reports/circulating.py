"""Signed records that are not with everyone, and those that were taken back."""

from __future__ import annotations

from sqlalchemy import literal, select

from app.core.database import UTCDateTime, literally
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.records.models import RecordVersion
from app.records.queries import RECORD_STILL_DUE
from app.records.recall.models import RecallCall
from app.records.recall.queries import NEWEST_RECALLED, RECALL_CLOSED

_NOT_WITH_EVERYONE = (
    Meeting.state == literally(MeetingState.SIGNED),
    Meeting.circulated_at.is_(None),
)
TO_CIRCULATE = (
    select(Meeting.id, Meeting.ref, RECORD_STILL_DUE.label("due_at"))
    .where(*_NOT_WITH_EVERYONE, ~NEWEST_RECALLED)
    .order_by(Meeting.record_due_at, Meeting.id)
)
# Whoever had it was told to delete it: the record's own deadline says nothing any more.
TO_CORRECT_OR_CLOSE = (
    select(Meeting.id, Meeting.ref, literal(None, UTCDateTime()).label("due_at"))
    .where(*_NOT_WITH_EVERYONE, NEWEST_RECALLED, ~RECALL_CLOSED)
    .order_by(Meeting.record_due_at, Meeting.id)
)
# Started from the few calls that wait: discussions with a record are there by the thousand.
TO_TELL = (
    select(Meeting.id, Meeting.ref, literal(None, UTCDateTime()).label("due_at"))
    .where(
        Meeting.id.in_(
            select(RecordVersion.meeting_id).where(
                RecordVersion.id.in_(
                    select(RecallCall.version_id).where(RecallCall.told_at.is_(None))
                )
            )
        )
    )
    .order_by(Meeting.id)
)
