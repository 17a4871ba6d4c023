"""A booked discussion that is started well before its time: nobody hears of it (C7, C11)."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core.clock import words_for_moment
from app.meetings.booking.cautions import ABSENT
from app.meetings.models import Meeting
from app.meetings.standing import invitees_here
from app.meetings.types import MeetingState

WELL_BEFORE = timedelta(minutes=15)


def start_before_its_time(meeting: Meeting, now: datetime) -> str:
    """Who is expected when, where pressing Start would begin without them; empty where it is time,
    or nothing is booked. It stands in nobody's way."""
    if meeting.state is not MeetingState.BOOKED or meeting.starts_at is None:
        return ""
    if meeting.starts_at - now <= WELL_BEFORE:
        return ""
    names = [
        one.name
        for one in invitees_here(meeting.invitees)
        if one.staff_id is None and one.answer not in ABSENT
    ]
    who = f" {', '.join(names)}" if names else " nobody"
    return (
        f"Booked for {words_for_moment(meeting.starts_at)}. Expected then:{who}. Start does not "
        "tell them: who is to be there sooner has to be telephoned."
    )
