"""Of whom the quality service has to be told something, worked out with what follows (F8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.meetings.after.carrying import Kept, enquiries_of, standing_of
from app.meetings.after.queries import Followed
from app.meetings.after.types import Conference
from app.meetings.early_notice import queries
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.rules import tell_at, to_tell


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
