"""Reminding whoever is expected, once each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.queries import meeting_for_change
from app.meetings.reminders import queries, rules
from app.meetings.reminders.models import ReminderSent
from app.meetings.types import MeetingState
from app.referrals.sender import Sender


def remind(
    session: Session, ref: str, hours: tuple[int, ...], sender: Sender, now: datetime
) -> int:
    """Send the reminder whose time has come for this discussion; returns how many letters.

    `hours` are those of the protocol. Who is passed over is settled as well, so that nobody who
    answers later gets a reminder late. The reminder's row and its letter commit together.
    """
    meeting = meeting_for_change(session, ref)
    if meeting is None or meeting.state is not MeetingState.BOOKED or meeting.starts_at is None:
        return 0
    starts_at = meeting.starts_at
    before = rules.due_now(hours, starts_at, now)
    if before is None:
        return 0
    settled = queries.reminded(session, meeting.id, starts_at, before)
    open_ = [one for one in meeting.invitees if one.id not in settled]
    if not open_:
        return 0
    told, reported = queries.told_at(session, meeting.id), queries.reported(session, meeting.id)
    wanted = [
        one
        for one in open_
        if rules.wants_reminder(
            one.answer,
            removed=one.removed_at is not None,
            has_reported=one.id in reported,
            told_at=told.get(one.id),
            starts_at=starts_at,
            hours=before,
        )
    ]
    session.add_all(
        ReminderSent(invitee_id=one.id, starts_at=starts_at, hours_before=before, sent_at=now)
        for one in open_
    )
    queued = messages.send(session, LetterKind.REMINDER, meeting, wanted, sender, now)
    if queued:
        record(
            session,
            SYSTEM,
            "reminder sent",
            Subject("meeting", meeting.ref),
            now,
            {"letters": queued, "hours_before": before},
        )
    return queued
