"""Reports that came in for a discussion that was cancelled: those who sent them have reported, so
the one in its place shows them (C7, D5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.meetings.models import Invitee, Meeting, MeetingChild, Report
from app.meetings.types import MeetingState, ReportVia

_mine, _theirs, _other = aliased(MeetingChild), aliased(MeetingChild), aliased(MeetingChild)
_before, _between = aliased(Meeting), aliased(Meeting)
# A discussion that took place, or takes place, between the two heard those reports itself.
_HEARD = exists().where(
    _other.child_id == _theirs.child_id,
    _other.meeting_id > _theirs.meeting_id,
    _other.meeting_id < bindparam("meeting_id"),
    _between.id == _other.meeting_id,
    _between.state != MeetingState.CANCELLED,
)
_OF_CHILDREN = (
    select(_theirs.meeting_id)
    .join(_mine, _mine.child_id == _theirs.child_id)
    .where(
        _mine.meeting_id == bindparam("meeting_id"),
        _theirs.meeting_id < bindparam("meeting_id"),
        ~_HEARD,
    )
)
_EARLIER = (
    select(
        _before.ref,
        Report.id,
        Invitee.name,
        Invitee.agency_name,
        Report.via,
        Report.file_name,
        Report.received_at,
    )
    .join(Invitee, Invitee.id == Report.invitee_id)
    .join(
        _before,
        and_(
            _before.id == Invitee.meeting_id,
            _before.state == MeetingState.CANCELLED,
            _before.not_needed_at.is_(None),
            func.coalesce(_before.referral_id, 0) == bindparam("referral_id"),
        ),
    )
    .where(_before.id.in_(_OF_CHILDREN), Invitee.wrong_address.is_(False))
    .order_by(Report.id)
)


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """A report to the cancelled discussion `ref`: who sent it, and how it came."""

    ref: str
    id: int
    who: str
    words: str
    received_at: datetime | None


def earlier_reports(session: Session, meeting: Meeting) -> list[EarlierReport]:
    """What came in for cancelled discussions in whose place this one comes, oldest first; nothing
    that came from a wrong address. Who may not see the earlier case gets them masked."""
    asked = {"meeting_id": meeting.id, "referral_id": meeting.referral_id or 0}
    return [
        EarlierReport(
            ref=row.ref,
            id=row.id,
            who=f"{row.name}, {row.agency_name}",
            words=report_words(row.via, row.file_name),
            received_at=row.received_at,
        )
        for row in session.execute(_EARLIER, asked)
    ]


def report_words(via: ReportVia, file_name: str | None) -> str:
    """`Report in writing, by secure email`; the name of the file where there is one."""
    how = {
        ReportVia.LINK: "by link",
        ReportVia.EMAIL: "by secure email",
        ReportVia.TELEPHONE: "by telephone",
    }[via]
    return f"{file_name or 'Report in writing'}, {how}"
