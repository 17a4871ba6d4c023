"""Telling the quality service early that a conference is likely, and what became of it (F8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.directory.queries import council
from app.meetings.after import carrying
from app.meetings.after.carrying import Kept
from app.meetings.after.types import Conference
from app.meetings.early_notice.letter import early_notice
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.planning import wanted_of, with_last
from app.meetings.messages import Sender, desk_of
from app.meetings.models import Meeting
from app.outbox import service as outbox


def tell(
    session: Session, meeting_id: int, child_ids: Collection[int], sender: Sender, now: datetime
) -> int:
    """Tell the quality service what is due of these children of a discussion: one letter for all
    of whom it says the same. Returns how many letters were queued (BROMLEY 1)."""
    # Staff take the discussion first: sign-off holds it long.
    session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    kept = carrying.held(session, child_ids)
    settings = council(session)
    wanted: defaultdict[tuple[Conference, str, bool], list[Kept]] = defaultdict(list)
    for one, last in with_last(session, kept):
        if one.meeting.id != meeting_id or one.row.notice_due_at is None:
            continue
        said = wanted_of(one, last)
        one.row.notice_due_at = None
        if said is not None and settings.quality_email:
            reference = last.reference if last else one.meeting.ref
            wanted[said, reference, last is not None].append(one)
    for (said, reference, corrects), group in wanted.items():
        letter = early_notice(
            said, desk_of(settings, sender), reference, len(group),
            min((one.row.icpc_due_at for one in group if one.row.icpc_due_at), default=None),
            settings.quality_email, now, corrects=corrects,
        )  # fmt: skip
        message_id = outbox.enqueue(session, letter, now).id
        for one in group:
            session.add(
                EarlyNotice(
                    meeting_id=meeting_id, child_id=one.row.child_id, said=said,
                    reference=reference, email=settings.quality_email, message_id=message_id,
                    at=now,
                )
            )  # fmt: skip
            if said is not Conference.NOT_NEEDED and one.row.quality_told_at is None:
                one.row.quality_told_at = now
    carrying.work_out(session, kept)
    session.flush()
    for (said, reference, _), group in wanted.items():
        record(
            session, SYSTEM, "told the quality service early",
            Subject("meeting", group[0].meeting.ref), now,
            {"said": said.value, "under": reference,
             "children": [one.row.child_id for one in group]},
        )  # fmt: skip
    return len(wanted)
