"""Reminding those who have not said that they read the record (F5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.audit.types import SYSTEM, Subject
from app.core.database import UTCDateTime
from app.invitations.models import Invitation
from app.invitations.rules import link_is_open
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.records import queries
from app.records.circulation import refresh_expiry
from app.records.models import Circulation, RecordVersion
from app.records.recall.queries import is_recalled
from app.referrals.sender import Sender

# No document gives a time. The link ends fourteen days after the record (D3).
REMINDED_AFTER = (timedelta(days=3), timedelta(days=7))
_UNREAD = (
    select(Circulation.id)
    .where(
        Circulation.acknowledged_at.is_(None),
        Circulation.withheld_reason.is_(None),
        # What went to a wrong address is not for whoever reads it there, and nothing goes by itself
        # to a mailbox whose links were withdrawn.
        ~exists().where(
            Invitee.id == Circulation.invitee_id,
            Invitee.wrong_address | Invitee.links_withdrawn_at.is_not(None),
        ),
        # Each step with its own time: who waits for the second keeps nobody from the first.
        or_(
            *(
                (Circulation.reminders == reminders)
                & (Circulation.sent_at <= bindparam(f"before_{reminders}", type_=UTCDateTime()))
                for reminders in range(len(REMINDED_AFTER))
            )
        ),
    )
    .order_by(Circulation.id)
)


def reminder_due(told_at: datetime, reminders: int, now: datetime) -> bool:
    """Whether somebody who has not said that they read the record is reminded (F5).

    Three and seven days after they were told, then no more: the link ends after fourteen (D3).
    """
    return reminders < len(REMINDED_AFTER) and now >= told_at + REMINDED_AFTER[reminders]


def unread(session: Session, now: datetime, most: int) -> list[int]:
    """Lines of the ledger whose reader is due a reminder, unless that is settled meanwhile."""
    before = {f"before_{step}": now - after for step, after in enumerate(REMINDED_AFTER)}
    return list(session.execute(_UNREAD.limit(most), before).scalars())


def remind(session: Session, circulation_id: int, sender: Sender, now: datetime) -> int:
    """Remind one reader, unless that is settled meanwhile; returns 1 where a letter was queued.

    Nobody is reminded of a version that was corrected or recalled, of a copy that is withheld, or
    while a correction is under way: a better one is on its way.
    """
    held = queries.circulation_for_change(session, circulation_id)
    if held is None or held.acknowledged_at or held.withheld_reason is not None:
        return 0
    if held.sent_at is None or not reminder_due(held.sent_at, held.reminders, now):
        return 0
    version = session.get_one(RecordVersion, held.version_id)
    meeting = session.get_one(Meeting, version.meeting_id)
    reader = session.get_one(Invitee, held.invitee_id)
    if reader.wrong_address or reader.links_withdrawn_at is not None:
        return 0
    held.reminders += 1
    held.reminded_at = now
    if not _is_read_by_link(session, meeting, version, reader, now):
        return 0
    queued = messages.send_links(
        session, LetterKind.RECORD_REMINDER, meeting, [reader], sender, now
    )
    refresh_expiry(session, reader, now)
    audit.record(
        session, SYSTEM, "reminded a reader of the record", Subject("meeting", meeting.ref), now,
        {"version": version.number, "invitee": reader.id, "reminder": held.reminders},
    )  # fmt: skip
    return queued


def _is_read_by_link(
    session: Session, meeting: Meeting, version: RecordVersion, reader: Invitee, now: datetime
) -> bool:
    """Whether this version is the one that holds, and its reader's link still opens it."""
    if meeting.state is not MeetingState.SIGNED or reader.removed_at is not None:
        return False
    if version.number != queries.newest_number(session, meeting.id):
        return False
    if is_recalled(session, version.id) or reader.invitation_id is None:
        return False
    held = session.get_one(Invitation, reader.invitation_id)
    return link_is_open(now, revoked=held.revoked_at, expires=held.expires_at)
