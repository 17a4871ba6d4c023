"""Of whom the quality service has to be told something, worked out with what follows (F8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.meetings.after import queries as after
from app.meetings.after.carrying import (
    Kept,
    conference_limit,
    continued_by,
    enquiries_of,
    standing_of,
)
from app.meetings.after.queries import Followed
from app.meetings.after.types import Conference
from app.meetings.discussion.types import child_scope
from app.meetings.early_notice import queries
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.rules import during, tell_at, to_tell
from app.meetings.models import Meeting


class News(NamedTuple):
    """What has to be told of one child. `last`: the last letter about
    the enquiry; `held_by`: the conference's limit, where it is known."""

    child_id: int
    said: Conference
    last: EarlyNotice | None
    held_by: datetime | None


def plan(session: Session, kept: Sequence[Kept], now: datetime) -> None:
    """Note when the worker tells the quality service; nothing is told where the council's settings
    name no mailbox. `kept` is everything of its children."""
    address = council(session).quality_email
    for one, last in with_last(session, kept):
        if not address or wanted_of(one, last) is None:
            one.row.notice_due_at = None
        elif one.row.notice_due_at is None:
            one.row.notice_due_at = tell_at(one.ended_at, now)
    session.flush()


def wanted_of(one: Kept, last: EarlyNotice | None) -> Conference | None:
    """What has to be told of one child now."""
    if not one.row.carries:
        return None
    return to_tell(standing_of(one.row, one.ended_at), last.said if last else None)


def with_last(session: Session, kept: Sequence[Kept]) -> Iterator[tuple[Kept, EarlyNotice | None]]:
    """Each with the last letter about its enquiry, or about the discussion alone."""
    by_child: defaultdict[int, list[Kept]] = defaultdict(list)
    for one in kept:
        by_child[one.row.child_id].append(one)
    letters = queries.of_children(session, sorted(by_child))
    for child_id, mine in by_child.items():
        together = {
            each.meeting.id: {every.meeting.id for every in group}
            for group in enquiries_of(Followed(one.row, one.meeting) for one in mine)
            for each in group
        }
        for one in mine:
            of = together.get(one.meeting.id, {one.meeting.id})
            told = [row for row in letters if row.child_id == child_id and row.meeting_id in of]
            yield one, told[-1] if told else None


def said_during(session: Session, meeting: Meeting, now: datetime) -> list[News]:
    """What has to be told of a discussion that still runs, by what was said in it so far. An
    answer that was prepared before it began waits for its end, unless it is changed."""
    began_at = meeting.started_at
    if began_at is None:
        return []
    entries = {(one.scope, one.field): one for one in queries.said_in(session, meeting.id)}
    spoken = {
        one.child_id: {field: entry.value for (at, field), entry in entries.items() if at == scope}
        for one in meeting.children
        if (scope := child_scope(one.child_id))
        and (answer := entries.get((scope, "conference")))
        and answer.written_at >= began_at
    }
    if not spoken:
        return []
    rows = after.of_children(session, sorted(spoken))
    letters = queries.of_children(session, sorted(spoken))
    found = []
    for child_id, answers in spoken.items():
        section_47 = answers.get("section_47")
        mine = (one for one in rows if one.row.child_id == child_id)
        earlier = continued_by(mine, began_at) if section_47 == "continued" else []
        of = {meeting.id, *(one.meeting.id for one in earlier)}
        told = [one for one in letters if one.child_id == child_id and one.meeting_id in of]
        before = standing_of(earlier[-1].row, now) if earlier else None
        said = to_tell(during(answers, before, now), told[-1].said if told else None)
        if said is None:
            continue
        limit = before.icpc_due_at if before else None
        if section_47 == "started":
            limit = conference_limit(session, meeting)
        found.append(News(child_id, said, told[-1] if told else None, limit))
    return found
