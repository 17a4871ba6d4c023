"""Telling the quality service early that a conference is likely, and what became of it (F8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.directory.queries import council
from app.meetings.after import carrying
from app.meetings.after.types import Conference
from app.meetings.early_notice import queries
from app.meetings.early_notice.letter import early_notice
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.planning import News, said_during, wanted_of, with_last
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.outbox import service as outbox
from app.referrals.sender import Sender, desk_of


def tell(
    session: Session, meeting_id: int, child_ids: Collection[int], sender: Sender, now: datetime
) -> int:
    """Tell the quality service what is due of these children of a discussion that has ended: one
    letter for all of whom it says the same. Returns how many letters were queued (BROMLEY 1)."""
    # Staff take the discussion first: sign-off holds it long.
    meeting = session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    kept = carrying.held(session, child_ids)
    news = []
    for one, last in with_last(session, kept):
        if one.meeting.id != meeting_id or one.row.notice_due_at is None:
            continue
        said = wanted_of(one, last)
        one.row.notice_due_at = None
        if said is None or not council(session).quality_email:
            continue
        news.append(News(one.row.child_id, said, last, one.row.icpc_due_at))
        if said is not Conference.NOT_NEEDED and one.row.quality_told_at is None:
            one.row.quality_told_at = now
    carrying.work_out(session, kept)
    session.flush()
    return _write(session, meeting, news, sender, now)


def tell_during(session: Session, meeting_id: int, sender: Sender, now: datetime) -> int:
    """The same while people still talk: what was said of a conference in a discussion under way
    has settled (E2, BROMLEY 1: "to be informed at this point"). What follows takes it up when the
    discussion ends. Returns how many letters were queued."""
    seen = session.get_one(Meeting, meeting_id)
    if not council(session).quality_email or not said_during(session, seen, now):
        return 0
    # Whoever writes in it holds it shared: nothing changes below what is told.
    meeting = session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    if meeting.state is not MeetingState.UNDER_WAY:
        return 0
    return _write(session, meeting, said_during(session, meeting, now), sender, now)


def _write(
    session: Session, meeting: Meeting, news: Sequence[News], sender: Sender, now: datetime
) -> int:
    """One letter for all of whom it says the same, each with its audit row."""
    settings = council(session)
    groups: defaultdict[tuple[Conference, str, bool], list[News]] = defaultdict(list)
    for one in news:
        reference = one.last.reference if one.last else meeting.ref
        groups[one.said, reference, one.last is not None].append(one)
    before = bool(groups) and bool(queries.of_meeting(session, meeting.id))
    for (said, reference, corrects), group in groups.items():
        letter = early_notice(
            said, desk_of(settings, sender), reference, len(group),
            min((one.held_by for one in group if one.held_by), default=None),
            settings.quality_email, now, corrects=corrects, adds=before,
        )  # fmt: skip
        message_id = outbox.enqueue(session, letter, now).id
        session.add_all(
            EarlyNotice(
                meeting_id=meeting.id, child_id=one.child_id, said=said, reference=reference,
                email=settings.quality_email, message_id=message_id, at=now,
            )
            for one in group
        )  # fmt: skip
    session.flush()
    for (said, reference, _), group in groups.items():
        record(
            session, SYSTEM, "told the quality service early", Subject("meeting", meeting.ref),
            now,
            {"said": said.value, "under": reference,
             "children": [one.child_id for one in group]},
        )  # fmt: skip
    return len(groups)
