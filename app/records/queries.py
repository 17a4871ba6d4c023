"""Reading versions and copies, and which of them are to be sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.core.database import UTCDateTime, literally
from app.meetings.discussion.models import Dissent
from app.meetings.models import Invitee, Meeting
from app.meetings.rules import who_said
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records.models import (
    Circulation,
    RecordCopy,
    RecordCorrection,
    RecordFault,
    RecordVersion,
)
from app.records.recall.models import RecordRecall
from app.records.types import InviteeFacts

_VERSIONS = (
    select(
        RecordVersion.id,
        RecordVersion.number,
        RecordVersion.signed_at,
        RecordVersion.sha256,
        RecordVersion.signed_for,
        Staff.name.label("signed_by"),
    )
    .join(Staff, Staff.id == RecordVersion.signed_by_id)
    .order_by(RecordVersion.number.desc())
)
_NEWER = aliased(RecordVersion)
_is_newest = ~exists().where(
    _NEWER.meeting_id == RecordVersion.meeting_id, _NEWER.number > RecordVersion.number
)
_TO_SEND = (
    select(Circulation)
    .join(RecordVersion, RecordVersion.id == Circulation.version_id)
    .join(Meeting, Meeting.id == RecordVersion.meeting_id)
    .join(Invitee, Invitee.id == Circulation.invitee_id)
    .where(
        Circulation.sent_at.is_(None),
        Circulation.withheld_reason.is_(None),
        Invitee.removed_at.is_(None),
        Invitee.links_withdrawn_at.is_(None),  # until they are written to again
        # While a correction is open, or once it is signed, the older version goes to nobody else.
        Meeting.state == MeetingState.SIGNED,
        _is_newest,
        ~exists().where(RecordRecall.version_id == RecordVersion.id),
    )
    .order_by(Circulation.id)
)
_UNCIRCULATED = (
    select(Meeting.id)
    .join(RecordVersion, RecordVersion.meeting_id == Meeting.id)
    .where(
        Meeting.state == literally(MeetingState.SIGNED),
        Meeting.circulated_at.is_(None),
        _is_newest,
    )
    .order_by(Meeting.id)
)
# Only what can be noted, or made: one that never will be keeps no newer one from its turn.
_OF_IT = Circulation.version_id == RecordVersion.id
_COUNTS = (
    _OF_IT,
    Circulation.after_all_at.is_(None),
    ~exists().where(Invitee.id == Circulation.invitee_id, Invitee.wrong_address),
)
_WITH_EVERYONE = _UNCIRCULATED.where(
    ~exists().where(RecordRecall.version_id == RecordVersion.id),
    exists().where(*_COUNTS),
    ~exists().where(
        *_COUNTS,
        Circulation.withheld_reason.is_(None),
        Circulation.opened_at.is_(None),
        Circulation.sent_at.is_(None)
        | ~exists().where(
            OutboxMessage.id == Circulation.message_id, OutboxMessage.state == MessageState.SENT
        ),
    ),
)
_WITHOUT_COUNCIL_COPY = _UNCIRCULATED.with_only_columns(RecordVersion.id).where(
    ~exists().where(RecordCopy.version_id == RecordVersion.id, RecordCopy.invitee_id.is_(None))
)
# A corrected record that was with everyone once has no deadline any more (F2).
RECORD_STILL_DUE = case((Meeting.first_circulated_at.is_(None), Meeting.record_due_at))

_FAULTS = (
    select(RecordVersion.number, Invitee.name, RecordFault.since)
    .select_from(RecordFault)
    .join(RecordVersion, RecordVersion.id == RecordFault.version_id)
    .outerjoin(Invitee, Invitee.id == RecordFault.invitee_id)
    .where(RecordVersion.meeting_id == bindparam("meeting_id"))
    .order_by(RecordFault.id)
)
_BESIDE = (
    select(Dissent, Invitee.name, Invitee.agency_name)
    .join(Invitee, Invitee.id == Dissent.invitee_id)
    .where(
        Dissent.meeting_id == bindparam("meeting_id"),
        Dissent.recorded_by_id.is_(None),
        Dissent.struck_at.is_(None),  # one that came from a wrong address
        Dissent.recorded_at > bindparam("since", type_=UTCDateTime()),
    )
    .order_by(Dissent.id)
)


class VersionShown(NamedTuple):
    id: int
    number: int
    signed_at: datetime
    sha256: str
    signed_for: str | None
    signed_by: str


class FaultShown(NamedTuple):
    """A copy that could not be made; without a name it is the council's own."""

    number: int
    reader: str | None
    since: datetime


class DissentBeside(NamedTuple):
    id: int
    name: str
    agency_name: str
    what: str
    recorded_at: datetime


def versions_of(session: Session, meeting_id: int) -> list[VersionShown]:
    """Every signed version of a discussion's record, newest first."""
    rows = session.execute(_VERSIONS.where(RecordVersion.meeting_id == meeting_id))
    return [VersionShown(*row) for row in rows]


def version_of(session: Session, meeting_id: int, number: int) -> RecordVersion | None:
    return session.execute(
        select(RecordVersion).where(
            RecordVersion.meeting_id == meeting_id, RecordVersion.number == number
        )
    ).scalar_one_or_none()


def newest_version(session: Session, meeting_id: int) -> RecordVersion | None:
    return session.execute(
        select(RecordVersion)
        .where(RecordVersion.meeting_id == meeting_id)
        .order_by(RecordVersion.number.desc())
        .limit(1)
    ).scalar_one_or_none()


def newest_number(session: Session, meeting_id: int) -> int:
    """The number of the newest signed version; 0 before the first."""
    found = session.execute(
        select(func.max(RecordVersion.number)).where(RecordVersion.meeting_id == meeting_id)
    ).scalar_one()
    return found or 0


def open_correction(session: Session, meeting_id: int) -> RecordCorrection | None:
    """The correction under way, if there is one."""
    return session.execute(
        select(RecordCorrection).where(
            RecordCorrection.meeting_id == meeting_id, RecordCorrection.closed_at.is_(None)
        )
    ).scalar_one_or_none()


def council_copy(session: Session, version_id: int) -> RecordCopy | None:
    """The council's own full copy, once it is made."""
    return session.execute(
        select(RecordCopy).where(
            RecordCopy.version_id == version_id, RecordCopy.invitee_id.is_(None)
        )
    ).scalar_one_or_none()


def copy_for(session: Session, version_id: int, invitee_id: int) -> RecordCopy | None:
    """One reader's copy of one version, once it is made."""
    return session.execute(
        select(RecordCopy).where(
            RecordCopy.version_id == version_id, RecordCopy.invitee_id == invitee_id
        )
    ).scalar_one_or_none()


def has_copy(session: Session, version_id: int, invitee_id: int | None) -> bool:
    """Whether a copy is stored; without reading it."""
    reader = (
        RecordCopy.invitee_id.is_(None)
        if invitee_id is None
        else RecordCopy.invitee_id == invitee_id
    )
    found = select(RecordCopy.id).where(RecordCopy.version_id == version_id, reader)
    return session.execute(found).first() is not None


def copy_with_hash(session: Session, sha256: str) -> RecordCopy | None:
    """The copy with these bytes, if one was issued."""
    return session.execute(
        select(RecordCopy).where(RecordCopy.sha256 == sha256).limit(1)
    ).scalar_one_or_none()


def version_signed_as(session: Session, sha256: str) -> bool:
    """Whether some version's content has this hash."""
    found = select(RecordVersion.id).where(RecordVersion.sha256 == sha256).limit(1)
    return session.execute(found).first() is not None


def circulation_to_send(session: Session, most: int) -> list[Circulation]:
    """Released copies whose reader was not told yet, oldest first."""
    return list(session.execute(_TO_SEND.limit(most)).scalars())


def circulation_for_change(session: Session, circulation_id: int) -> Circulation | None:
    """One line of the ledger, locked until the transaction ends."""
    return session.execute(
        select(Circulation)
        .where(Circulation.id == circulation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def letters_on_their_way(session: Session, version_id: int) -> list[Circulation]:
    """Lines of the ledger, locked, whose letter is queued or held by a worker."""
    return list(
        session.execute(
            select(Circulation)
            .join(OutboxMessage, OutboxMessage.id == Circulation.message_id)
            .where(
                Circulation.version_id == version_id,
                OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING)),
            )
            .order_by(Circulation.id)
            .with_for_update(of=Circulation)
            .execution_options(populate_existing=True)
        ).scalars()
    )


def with_everyone(session: Session, most: int) -> list[int]:
    """Discussions whose record reached everyone, and of which that is not noted yet."""
    return list(session.execute(_WITH_EVERYONE.limit(most)).scalars())


def without_council_copy(session: Session, most: int) -> list[int]:
    """The newest versions that are not with everyone and of which the council has no copy yet."""
    return list(session.execute(_WITHOUT_COUNCIL_COPY.limit(most)).scalars())


def invitees_of(meeting: Meeting) -> tuple[InviteeFacts, ...]:
    """Everybody who was ever invited, in order, as the choice of recipients sees them."""
    return tuple(
        InviteeFacts(
            id=one.id,
            name=one.name,
            title=one.title,
            agency_id=one.agency_id,
            agency_name=one.agency_name,
            agency_kind=one.agency_kind,
            email=one.email or "",
            has_address=bool(one.email) or one.invitation_id is not None,
            attendance=one.attendance,
            removed=one.removed_at is not None,
            deputy_for=one.deputy_for_id,
            professional_id=one.professional_id,
            staff_id=one.staff_id,
            has_left=one.has_left,
            wrong_address=one.wrong_address,
        )
        for one in meeting.invitees
    )


def faults_of(session: Session, meeting_id: int) -> list[FaultShown]:
    """The copies of a record that could not be made, the oldest first."""
    return [FaultShown(*row) for row in session.execute(_FAULTS, {"meeting_id": meeting_id})]


def dissents_beside(session: Session, meeting_id: int, since: datetime) -> list[DissentBeside]:
    """Who disagreed by their link after `since`, the sign-off: it stands beside the record (E4)."""
    rows = session.execute(_BESIDE, {"meeting_id": meeting_id, "since": since})
    return [
        DissentBeside(
            said.id,
            who_said(name, said.person_name, said.person_role),
            agency_name,
            said.what,
            said.recorded_at,
        )
        for said, name, agency_name in rows
    ]
