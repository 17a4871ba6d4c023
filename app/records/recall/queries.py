"""Which versions were taken back, and who may have had them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.meetings.discussion.models import Action
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import ActionState, MessageKind, TakenBack
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records.models import Circulation, RecordVersion
from app.records.recall.models import RecallCall, RecordRecall

_MAY_HAVE_LETTER = (
    select(Delivery.invitee_id)
    .join(Invitee, Invitee.id == Delivery.invitee_id)
    .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
    .where(
        Invitee.meeting_id == bindparam("meeting_id"),
        Delivery.kind == MessageKind.RECORD,
        OutboxMessage.state.in_((MessageState.SENT, MessageState.SENDING)),
    )
)
_OWNERS = select(Action.owner_id).where(
    Action.meeting_id == bindparam("meeting_id"),
    Action.removed_at.is_(None),
    Action.state == ActionState.OPEN,
)
_NEWER = aliased(RecordVersion)
_OF_NEWEST = (
    select(RecordRecall.version_id)
    .join(RecordVersion, RecordVersion.id == RecordRecall.version_id)
    .where(
        RecordVersion.meeting_id == Meeting.id,
        ~exists().where(
            _NEWER.meeting_id == RecordVersion.meeting_id, _NEWER.number > RecordVersion.number
        ),
    )
    .correlate(Meeting)
)
# Of a discussion, in a statement about discussions: its newest version was taken back; and nothing
# follows, which was said with a reason.
NEWEST_RECALLED = _OF_NEWEST.exists()
RECALL_CLOSED = _OF_NEWEST.where(RecordRecall.closed_at.is_not(None)).exists()
_OF_THE_NEWEST = (
    select(RecordRecall.at, RecordRecall.closed_at)
    .select_from(RecordVersion)
    .outerjoin(RecordRecall, RecordRecall.version_id == RecordVersion.id)
    .where(RecordVersion.meeting_id == bindparam("meeting_id"))
    .order_by(RecordVersion.number.desc())
    .limit(1)
)
_CLOSER = aliased(Staff)
_RECALLS = (
    select(
        RecordRecall.version_id,
        Staff.name,
        RecordRecall.at,
        RecordRecall.reason,
        _CLOSER.name,
        RecordRecall.closed_at,
        RecordRecall.closed_reason,
    )
    .outerjoin(_CLOSER, _CLOSER.id == RecordRecall.closed_by_id)
    .join(RecordVersion, RecordVersion.id == RecordRecall.version_id)
    .join(Staff, Staff.id == RecordRecall.by_id)
    .where(RecordVersion.meeting_id == bindparam("meeting_id"))
)
_EARLIER = (
    select(RecordVersion.id, RecordVersion.number)
    .where(
        RecordVersion.meeting_id == bindparam("meeting_id"),
        RecordVersion.number < bindparam("number"),
        ~exists().where(RecordRecall.version_id == RecordVersion.id),
    )
    .order_by(RecordVersion.number)
)

_CALLS = (
    select(
        RecallCall.invitee_id,
        Invitee.name,
        Invitee.agency_name,
        Invitee.telephone,
        Invitee.professional_id,
        RecallCall.why,
        RecallCall.told_at,
        Staff.name,
        RecallCall.said,
    )
    .join(Invitee, Invitee.id == RecallCall.invitee_id)
    .outerjoin(Staff, Staff.id == RecallCall.by_id)
    .where(
        RecallCall.version_id.in_(
            select(RecordVersion.id).where(RecordVersion.meeting_id == bindparam("meeting_id"))
        )
    )
    .order_by(RecallCall.version_id.desc(), RecallCall.invitee_id)
)
_TO_MAKE = (
    select(RecallCall)
    .join(RecordVersion, RecordVersion.id == RecallCall.version_id)
    .where(
        RecordVersion.meeting_id == bindparam("meeting_id"),
        RecallCall.invitee_id == bindparam("invitee_id"),
        RecallCall.told_at.is_(None),
    )
    .with_for_update(of=RecallCall)
)


class EarlierVersion(NamedTuple):
    """A version before the one that is recalled."""

    id: int
    number: int


class RecallShown(NamedTuple):
    """That a version was taken back."""

    version_id: int
    by: str
    at: datetime
    reason: str
    closed_by: str | None  # who said that no corrected version follows
    closed_at: datetime | None
    closed_reason: str | None


class CallShown(NamedTuple):
    """Somebody whom no letter tells of a recall."""

    invitee_id: int
    name: str
    agency_name: str
    telephone: str | None
    professional_id: int | None
    why: str
    told_at: datetime | None
    told_by: str | None
    said: str | None


def newest_released(session: Session, meeting_id: int) -> int:
    """The number of the newest version that anybody was given; 0 before the first."""
    found = session.execute(
        select(func.max(RecordVersion.number))
        .join(Circulation, Circulation.version_id == RecordVersion.id)
        .where(RecordVersion.meeting_id == meeting_id)
    ).scalar_one()
    return found or 0


def is_recalled(session: Session, version_id: int) -> bool:
    """Whether this version was taken back."""
    return session.get(RecordRecall, version_id) is not None


def taken_back(session: Session, meeting_id: int) -> TakenBack | None:
    """Whether the newest version of a discussion's record was recalled, and how that stands."""
    row = session.execute(_OF_THE_NEWEST, {"meeting_id": meeting_id}).one_or_none()
    if row is None or row.at is None:
        return None
    return TakenBack.WAITS if row.closed_at is None else TakenBack.CLOSED


def recalled_at(session: Session, meeting_id: int) -> datetime | None:
    """When the newest version of a discussion's record was taken back; None where it was not."""
    row = session.execute(_OF_THE_NEWEST, {"meeting_id": meeting_id}).one_or_none()
    return None if row is None else row.at


def earlier_not_recalled(session: Session, meeting_id: int, number: int) -> list[EarlierVersion]:
    """The versions before this one whose readers were not told yet to delete them."""
    rows = session.execute(_EARLIER, {"meeting_id": meeting_id, "number": number})
    return [EarlierVersion(*row) for row in rows]


def recalls_of(session: Session, meeting_id: int) -> dict[int, RecallShown]:
    """The versions of a discussion's record that were taken back, by version."""
    rows = session.execute(_RECALLS, {"meeting_id": meeting_id})
    return {row[0]: RecallShown(*row) for row in rows}


def calls_of(session: Session, meeting_id: int) -> list[CallShown]:
    """Whom no letter tells that a discussion's record was taken back, of the last recall first."""
    return [CallShown(*row) for row in session.execute(_CALLS, {"meeting_id": meeting_id})]


def calls_to_make(session: Session, meeting_id: int, invitee_id: int) -> list[RecallCall]:
    """What somebody is still to be told by telephone, locked."""
    values = {"meeting_id": meeting_id, "invitee_id": invitee_id}
    return list(session.execute(_TO_MAKE, values).scalars())


def owners_of_open_actions(session: Session, meeting_id: int) -> set[int]:
    """Who still has something to do from this discussion."""
    return set(session.execute(_OWNERS, {"meeting_id": meeting_id}).scalars())


def may_have_letter(session: Session, meeting_id: int) -> set[int]:
    """Readers to whom a letter about the record left, or is leaving."""
    return set(session.execute(_MAY_HAVE_LETTER, {"meeting_id": meeting_id}).scalars())
