"""Who is to be asked, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Route
from app.reports.quality.feedback import rules
from app.reports.quality.feedback.models import FeedbackAnswer, FeedbackRound
from app.reports.quality.feedback.types import Answered

# Of whoever would be asked it is not noted yet whether they took part.
_UNNOTED = exists().where(
    Invitee.meeting_id == Meeting.id,
    Invitee.staff_id.is_(None),
    Invitee.removed_at.is_(None),
    Invitee.email.is_not(None),
    Invitee.attendance.is_(None),
)
_ENDED = (
    select(Meeting.id)
    .where(
        Meeting.ended_at > bindparam("since", type_=UTCDateTime()),
        Meeting.ended_at <= bindparam("until", type_=UTCDateTime()),
        ~exists().where(FeedbackRound.meeting_id == Meeting.id),
        # Whose people are entered after it took place has nobody yet, or some of them (C11).
        or_(
            and_(Meeting.route == Route.BOOKED, ~_UNNOTED),
            Meeting.ended_at <= bindparam("waited_for", type_=UTCDateTime()),
        ),
    )
    .order_by(Meeting.ended_at, Meeting.id)
)
_ANSWERS = (
    select(
        FeedbackAnswer.quarter,
        FeedbackAnswer.chair_id,
        FeedbackAnswer.prepared,
        FeedbackAnswer.heard,
        FeedbackAnswer.words,
    )
    .where(FeedbackAnswer.quarter >= bindparam("start"), FeedbackAnswer.quarter < bindparam("end"))
    .order_by(FeedbackAnswer.quarter)
)


def to_ask(session: Session, now: datetime) -> list[int]:
    """Discussions whose people are to be asked now: it is noted who took part, or nobody waits for
    that any longer."""
    values = {
        "since": now - rules.NOT_LATER,
        "until": now - rules.AFTER,
        "waited_for": now - rules.WAIT,
    }
    return list(session.execute(_ENDED, values).scalars())


def answers(session: Session, start: date, end: date) -> Sequence[Answered]:
    """Every answer of these quarters."""
    rows = session.execute(_ANSWERS, {"start": start, "end": end})
    return [Answered(*row) for row in rows]
