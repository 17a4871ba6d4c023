"""Asking who took part, and keeping what they say (G6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import PUBLIC, SYSTEM, Subject
from app.core.clock import london_date
from app.core.crypto import new_token, token_digest
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings.models import Meeting
from app.outbox import service as outbox
from app.protocols.types import RetentionRule
from app.referrals.sender import Sender, desk_of
from app.reports.quality.feedback import rules
from app.reports.quality.feedback.letter import feedback_letters
from app.reports.quality.feedback.models import FeedbackAnswer, FeedbackLink, FeedbackRound
from app.reports.quality.feedback.types import View
from app.reports.quality.periods import quarter_of
from app.retention.rules import kept_from

CLOSED = "This link was used already, or its two weeks are over"


def ask(session: Session, meeting_id: int, sender: Sender, now: datetime) -> int:
    """Write to everybody who took part in a discussion; returns how many letters.

    Nothing is kept of which link went to whom.
    """
    if session.get(FeedbackRound, meeting_id, with_for_update=True) is not None:
        return 0
    meeting = session.get_one(Meeting, meeting_id)
    session.add(FeedbackRound(meeting_id=meeting_id, asked_at=now))
    readers = []
    for one in meeting.invitees:
        # Members of staff hear of it from colleagues; a council's own view is not what is asked.
        if one.staff_id is not None or not rules.is_asked(
            one.attendance, one.email, removed=one.removed_at is not None
        ):
            continue
        token = new_token()
        session.add(
            FeedbackLink(
                token_digest=token_digest(token),
                meeting_id=meeting_id,
                closes_at=now + rules.OPEN_FOR,
            )
        )
        name = (one.attended_name or one.name) if one.is_team else one.name
        readers.append((name, one.email or "", f"{sender.base_url}/feedback/{token}"))
    session.flush()
    if not readers:
        return 0
    letters = feedback_letters(desk_of(council(session), sender), readers, now)
    outbox.enqueue_all(session, letters, now, useless_from=now + rules.OPEN_FOR)
    record(
        session, SYSTEM, "feedback asked for", Subject("meeting", meeting.ref), now,
        {"letters": len(letters)},
    )  # fmt: skip
    return len(letters)


def answer(
    session: Session, token: str, prepared: View, heard: View, words: str, now: datetime
) -> None:
    """Keep an answer, and forget the link it came by. Raises Refused where the link is none.

    The audit tells of an answer without saying of which discussion.
    """
    link = session.execute(
        select(FeedbackLink)
        .where(FeedbackLink.token_digest == token_digest(token), FeedbackLink.closes_at > now)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if link is None:
        raise Refused("prepared", CLOSED)
    meeting = session.get_one(Meeting, link.meeting_id)
    session.add(
        FeedbackAnswer(
            quarter=quarter_of(london_date(meeting.ended_at or now)).start,
            chair_id=meeting.chair_id,
            prepared=prepared,
            heard=heard,
            words=words or None,
        )
    )
    session.delete(link)
    record(session, PUBLIC, "feedback given", Subject("feedback", "answer"), now)


def forget(session: Session, now: datetime) -> int:
    """Delete the links whose time is over; returns how many."""
    gone = session.execute(
        delete(FeedbackLink)
        .where(FeedbackLink.closes_at <= now)
        .returning(FeedbackLink.token_digest)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def forget_words(session: Session, kept: Sequence[RetentionRule], now: datetime) -> int:
    """Empty what people wrote in the quarters before those of which a case is kept at least; what
    they ticked stays for the report to the board. Returns how many."""
    first = quarter_of(london_date(kept_from(kept, now))).start
    emptied = session.execute(
        update(FeedbackAnswer)
        .where(FeedbackAnswer.quarter < first, FeedbackAnswer.words.is_not(None))
        .values(words=None)
        .returning(FeedbackAnswer.id)
        .execution_options(synchronize_session=False)
    )
    count = len(emptied.all())
    if count:
        record(session, SYSTEM, "feedback emptied", Subject("feedback", "answers"), now,
               {"count": count})  # fmt: skip
    return count
