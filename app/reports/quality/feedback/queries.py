"""Who is to be asked, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.models import Meeting
from app.reports.quality.feedback.models import FeedbackAnswer, FeedbackRound
from app.reports.quality.feedback.types import Answered

_ENDED = (
    select(Meeting.id)
    .where(
        Meeting.ended_at > bindparam("since", type_=UTCDateTime()),
        Meeting.ended_at <= bindparam("until", type_=UTCDateTime()),
        ~exists().where(FeedbackRound.meeting_id == Meeting.id),
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


def to_ask(session: Session, since: datetime, until: datetime) -> list[int]:
    """Discussions that ended in between, whose people were not asked yet."""
    return list(session.execute(_ENDED, {"since": since, "until": until}).scalars())


def answers(session: Session, start: date, end: date) -> Sequence[Answered]:
    """Every answer of these quarters."""
    rows = session.execute(_ANSWERS, {"start": start, "end": end})
    return [Answered(*row) for row in rows]
