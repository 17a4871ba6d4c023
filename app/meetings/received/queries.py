"""Finding what a mail belongs to, and what waits for a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.core.database import UTCDateTime, any_of
from app.invitations.models import Invitation
from app.invitations.replies.types import MailKind
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.papers.models import SentForm
from app.meetings.queries import invitee_for_change
from app.meetings.received.models import MailboxPosition, MailboxReading, ReceivedMail
from app.meetings.received.types import NotRead, Outcome, Why
from app.meetings.types import Answer
from app.outbox.models import OutboxMessage
from app.referrals.checks.models import AgencyCheck
from app.referrals.letters.models import ReferralLetter
from app.referrals.models import Referral

_BY_UID = (
    select(Invitee.id, Invitation)
    .join(Invitation, Invitation.id == Invitee.invitation_id)
    .where(Invitation.uid == bindparam("uid"))
)
_MESSAGES = (
    select(OutboxMessage)
    .where(OutboxMessage.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(OutboxMessage.id.desc())
    .limit(1)
    .with_for_update()
    .execution_options(populate_existing=True)
)
_INVITEE_OF = (
    select(Invitee)
    .join(Delivery, Delivery.invitee_id == Invitee.id)
    .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
    .where(OutboxMessage.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(Delivery.id.desc())
    .limit(1)
)
_OF_MEETING = (
    select(Invitee)
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(Meeting.ref == bindparam("ref"))
    .order_by(Invitee.id)
)
_NOBODY = cast(null(), Integer)
# Every kind of letter that goes out about a case, as the numbers of a discussion and of a referral.
_OUT = union_all(
    select(Invitee.meeting_id, _NOBODY.label("referral_id"), Delivery.message_id)
    .join(Invitee, Invitee.id == Delivery.invitee_id)
    .where(Delivery.message_id.in_(bindparam("messages", expanding=True))),
    *(
        select(meeting, referral, message).where(
            message.in_(bindparam("messages", expanding=True)), has_case.is_not(None)
        )
        for meeting, referral, message, has_case in (
            (SentForm.meeting_id, _NOBODY, SentForm.message_id, SentForm.meeting_id),
            (EarlyNotice.meeting_id, _NOBODY, EarlyNotice.message_id, EarlyNotice.meeting_id),
            (_NOBODY, AgencyCheck.referral_id, AgencyCheck.message_id, AgencyCheck.referral_id),
            (
                _NOBODY,
                ReferralLetter.referral_id,
                ReferralLetter.message_id,
                ReferralLetter.referral_id,
            ),
        )
    ),
).subquery()
_NUMBERS = select(OutboxMessage.id).where(
    OutboxMessage.message_id.in_(bindparam("ids", expanding=True))
)
_CASE_OF = select(_OUT.c.meeting_id, _OUT.c.referral_id).order_by(_OUT.c.message_id.desc()).limit(1)
_REFS: BindParameter[str] = bindparam("refs", expanding=True)
_NAMED: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(Meeting.id, _NOBODY).where(Meeting.ref.in_(_REFS), Meeting.erased_at.is_(None)),
    select(_NOBODY, Referral.id).where(Referral.ref.in_(_REFS), Referral.erased_at.is_(None)),
    select(_NOBODY, AgencyCheck.referral_id).where(AgencyCheck.ref.in_(_REFS)),
    select(_NOBODY, ReferralLetter.referral_id).where(
        ReferralLetter.ref.in_(_REFS), ReferralLetter.referral_id.is_not(None)
    ),
).limit(1)
_BY_DIGEST = select(ReceivedMail.ref, ReceivedMail.outcome).where(
    ReceivedMail.digest == bindparam("digest")
)
_holder = aliased(Staff)
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        ReceivedMail.id,
        ReceivedMail.ref,
        ReceivedMail.received_at,
        ReceivedMail.kind,
        ReceivedMail.outcome,
        ReceivedMail.why,
        ReceivedMail.sender,
        ReceivedMail.subject,
        ReceivedMail.closed_at,
        _holder.name.label("assigned_to"),
        Invitee.name.label("invitee"),
        Meeting.ref.label("meeting_ref"),
        Meeting.starts_at.label("starts_at"),
        Referral.ref.label("referral_ref"),
    )
    .outerjoin(_holder, _holder.id == ReceivedMail.assigned_to_id)
    .outerjoin(Invitee, Invitee.id == ReceivedMail.invitee_id)
    .outerjoin(Meeting, Meeting.id == ReceivedMail.meeting_id)
    .outerjoin(Referral, Referral.id == ReceivedMail.referral_id)
)
# Written literally, as in the partial index.
_WAITS = text("received_mail.outcome = 'look' AND received_mail.closed_at IS NULL")
_WAITING = _ROWS.where(_WAITS).order_by(ReceivedMail.id)
_NEWEST = _ROWS.order_by(ReceivedMail.id.desc())
# How many mails wait for a person, counted up to `most`.
HOW_MANY_WAIT = select(func.count()).select_from(
    select(ReceivedMail.id).where(_WAITS).order_by(ReceivedMail.id)
    .limit(bindparam("most", type_=Integer())).subquery()
)  # fmt: skip
_REMARKS: Select[*tuple[Any, ...]] = (
    select(
        ReceivedMail.invitee_id,
        ReceivedMail.kind,
        ReceivedMail.outcome,
        ReceivedMail.answer,
        ReceivedMail.received_at,
        ReceivedMail.ref,
        ReceivedMail.closed_at,
    )
    .join(Invitee, Invitee.id == ReceivedMail.invitee_id)
    .where(
        Invitee.meeting_id == bindparam("meeting_id"),
        ReceivedMail.outcome.in_(
            any_of((Outcome.OLDER, Outcome.OVERTAKEN, Outcome.AWAY, Outcome.LOOK))
        ),
    )
    .order_by(ReceivedMail.id)
)
_KEPT_TOO_LONG = (
    select(ReceivedMail.id)
    .where(
        text("received_mail.sender IS NOT NULL"),
        ReceivedMail.received_at < bindparam("until", type_=ReceivedMail.received_at.type),
        (ReceivedMail.outcome != Outcome.LOOK)
        | (ReceivedMail.closed_at < bindparam("until", type_=ReceivedMail.received_at.type)),
    )
    .order_by(ReceivedMail.received_at, ReceivedMail.id)
)


class MailRow(NamedTuple):
    """A mail in a list."""

    id: int
    ref: str
    received_at: datetime
    kind: MailKind
    outcome: Outcome
    why: Why | None
    sender: str | None
    subject: str | None
    closed_at: datetime | None
    assigned_to: str | None
    invitee: str | None
    meeting_ref: str | None
    starts_at: datetime | None
    referral_ref: str | None  # of mail that belongs to a referral and no discussion of it


class MailRemark(NamedTuple):
    """What came from an invitee that their answer does not show."""

    invitee_id: int
    kind: MailKind
    outcome: Outcome
    answer: Answer | None
    received_at: datetime
    ref: str
    closed_at: datetime | None


def taken_before(session: Session, digest: str) -> tuple[str, Outcome] | None:
    """The reference and outcome of a mail that was taken in already."""
    row = session.execute(_BY_DIGEST, {"digest": digest}).one_or_none()
    return None if row is None else (row.ref, row.outcome)


def invited_with(session: Session, uid: str) -> tuple[Invitee, Invitation] | None:
    """Whose entry has this UID; discussion and invitee are locked until the transaction ends."""
    row = session.execute(_BY_UID, {"uid": uid}).one_or_none()
    if row is None:
        return None
    invitee, invitation = invitee_for_change(session, row[0]), row[1]
    # Read again under the lock: it may have been updated, or the address mended, in this moment.
    session.refresh(invitation)
    if invitee is None or invitee.invitation_id != invitation.id:
        return None
    return invitee, invitation


def message_of(session: Session, message_ids: Collection[str]) -> OutboxMessage | None:
    """The newest message of ours among these Message-IDs, locked."""
    if not message_ids:
        return None
    return session.execute(_MESSAGES, {"ids": list(message_ids)}).scalar_one_or_none()


def written_to(session: Session, message_ids: Collection[str]) -> Invitee | None:
    """The invitee to whom one of these messages was sent."""
    if not message_ids:
        return None
    return session.execute(_INVITEE_OF, {"ids": list(message_ids)}).scalar_one_or_none()


def case_of_messages(
    session: Session, message_ids: Collection[str]
) -> tuple[int | None, int | None] | None:
    """The discussion, or else the referral, about which the newest of these messages was sent."""
    if not message_ids:
        return None
    numbers = session.execute(_NUMBERS, {"ids": list(message_ids)}).scalars().all()
    if not numbers:
        return None
    row = session.execute(_CASE_OF, {"messages": list(numbers)}).one_or_none()
    return None if row is None else (row[0], row[1])


def case_named(
    session: Session, references: Collection[str]
) -> tuple[int | None, int | None] | None:
    """The same of what these references stand for; none of a case that was deleted."""
    if not references:
        return None
    row = session.execute(_NAMED, {"refs": list(references)}).one_or_none()
    return None if row is None else (row[0], row[1])


def invitees_of(session: Session, meeting_ref: str) -> Sequence[Invitee]:
    """Everyone ever invited to the discussion with this reference."""
    return session.execute(_OF_MEETING, {"ref": meeting_ref}).scalars().all()


def waiting(session: Session, most: int) -> list[MailRow]:
    """Mail that a person has to look at, the oldest first."""
    return [MailRow(*row) for row in session.execute(_WAITING.limit(most))]


def newest(session: Session, before: int | None, most: int) -> list[MailRow]:
    """All mail that came in, newest first, from below the given number."""
    statement = _NEWEST if before is None else _NEWEST.where(ReceivedMail.id < before)
    return [MailRow(*row) for row in session.execute(statement.limit(most))]


def mail(session: Session, ref: str) -> ReceivedMail | None:
    """One mail that came in."""
    return session.execute(select(ReceivedMail).where(ReceivedMail.ref == ref)).scalar_one_or_none()


def mail_to_change(session: Session, ref: str) -> ReceivedMail | None:
    """The same, read anew and locked until the transaction ends."""
    return session.execute(
        select(ReceivedMail)
        .where(ReceivedMail.ref == ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def remarks_of(session: Session, meeting_id: int) -> list[MailRemark]:
    """What came from the invitees of a discussion beside their answers, oldest first."""
    rows = session.execute(_REMARKS, {"meeting_id": meeting_id})
    return [MailRemark(*row) for row in rows]


def kept_too_long(session: Session, until: datetime, most: int) -> list[int]:
    """Mail whose content is to be emptied: closed, or in need of nobody, before `until`."""
    rows = session.execute(_KEPT_TOO_LONG.limit(most), {"until": until})
    return list(rows.scalars())


TRIED_LATELY = timedelta(hours=1)
_NOT_READ = (
    select(MailboxReading.failing_since, MailboxReading.read_at, MailboxReading.problem)
    .where(
        MailboxReading.failing_since.is_not(None),
        # One that is tried no more was taken out of the settings, or the worker is away.
        MailboxReading.tried_at > bindparam("lately", type_=UTCDateTime()),
    )
    .order_by(MailboxReading.failing_since)
    .limit(1)
)


def not_read(session: Session, now: datetime) -> NotRead | None:
    """The mailbox that cannot be read for longest."""
    row = session.execute(_NOT_READ, {"lately": now - TRIED_LATELY}).one_or_none()
    if row is None or row.failing_since is None:
        return None
    return NotRead(row.failing_since, row.read_at, row.problem or "")


def position(session: Session, mailbox: str) -> MailboxPosition | None:
    """How far a mailbox was read."""
    return session.get(MailboxPosition, mailbox)
