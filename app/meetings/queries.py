"""Reading discussions: what several pages share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Select, and_, bindparam, exists, select
from sqlalchemy.orm import Session, aliased, lazyload

from app.accounts.models import Staff, StaffRole
from app.accounts.types import CHAIRING
from app.core.refusal import Erased
from app.directory.models import Agency, ConferenceLine, LinePin, Professional
from app.directory.types import AgencyKind
from app.meetings.models import Delivery, Invitee, LeftOut, Meeting, MeetingChild, Report
from app.meetings.open_case.models import OpenCase, OpenCaseAdult
from app.meetings.rules import phrases_of_home
from app.meetings.types import MeetingState, MessageKind, ReportVia
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import (
    Child,
    ChildProfessional,
    Referral,
    ReferralAdult,
    ReferralChild,
)

_BY_REF = select(Meeting).where(Meeting.ref == bindparam("ref"))
# The children are asked for by few changes, and then when they are needed.
_FOR_CHANGE = (
    _BY_REF.with_for_update(of=Meeting)
    .options(lazyload(Meeting.children))
    .execution_options(populate_existing=True)
)
_OF_INVITEE = (
    select(Meeting)
    .join(Invitee, Invitee.meeting_id == Meeting.id)
    .where(Invitee.id == bindparam("invitee_id"))
    .options(lazyload(Meeting.children))
    .execution_options(populate_existing=True)
)
_INVITEE = (
    select(Invitee)
    .where(Invitee.id == bindparam("invitee_id"))
    .execution_options(populate_existing=True)
)
_AS_IT_STANDS = _OF_INVITEE, _INVITEE
_TO_CHANGE = _OF_INVITEE.with_for_update(of=Meeting), _INVITEE.with_for_update()
_STATE = select(Meeting.state).where(Meeting.ref == bindparam("ref"))
_STAFF_NAME = select(Staff.name).where(Staff.id == bindparam("staff_id"))
_CHAIR_AND_REFERRAL = (
    select(
        Staff.name,
        Referral.ref,
        and_(
            Staff.ended_at.is_(None),
            exists().where(StaffRole.staff_id == Staff.id, StaffRole.role.in_(CHAIRING)),
        ).label("may_chair"),
    )
    .select_from(Meeting)
    .outerjoin(Staff, Staff.id == Meeting.chair_id)
    .outerjoin(Referral, Referral.id == Meeting.referral_id)
    .where(Meeting.id == bindparam("meeting_id"))
)
_PLACE = (
    select(ConferenceLine.name, ConferenceLine.telephone, LinePin.pin)
    .outerjoin(LinePin, LinePin.id == bindparam("pin_id"))
    .where(ConferenceLine.id == bindparam("line_id"))
)
_CHILDREN = (
    select(
        MeetingChild.meeting_id,
        Child.id,
        Child.ref,
        Child.given_name,
        Child.family_name,
        Child.date_of_birth,
        Child.due_date,
        Child.looked_after,
    )
    .join(Child, Child.id == MeetingChild.child_id)
    .where(MeetingChild.meeting_id == bindparam("meeting_id"))
    .order_by(MeetingChild.meeting_id, MeetingChild.position)
)
_MESSAGES = (
    select(
        Delivery.invitee_id,
        Delivery.kind,
        Delivery.at,
        OutboxMessage.state,
        OutboxMessage.sent_at,
        OutboxMessage.problem,
        OutboxMessage.kind.label("letter"),
    )
    .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
    .join(Invitee, Invitee.id == Delivery.invitee_id)
    .where(Invitee.meeting_id == bindparam("meeting_id"))
    .order_by(Delivery.id)
)
# Without the file itself: a page that lists reports must not load them.
_REPORTS = (
    select(
        Report.id,
        Report.invitee_id,
        Report.via,
        Report.received_at,
        Report.file_name,
        Report.media_type,
        Report.body.is_not(None).label("typed"),
    )
    .join(Invitee, Invitee.id == Report.invitee_id)
    .where(Invitee.meeting_id == bindparam("meeting_id"))
    .order_by(Report.id)
)

_LEFT_OUT = (
    select(LeftOut).where(LeftOut.meeting_id == bindparam("meeting_id")).order_by(LeftOut.id)
)
_WORDS = (
    select(Child.given_name, Child.family_name, Child.address)
    .join(MeetingChild, MeetingChild.child_id == Child.id)
    .where(MeetingChild.meeting_id == bindparam("meeting_id"))
)
# Of every referral with one of the children, and those told for an open case.
_ADULTS_OF_OPEN_CASE = (
    select(OpenCaseAdult.name)
    .join(OpenCase, OpenCase.id == OpenCaseAdult.open_case_id)
    .where(OpenCase.meeting_id == bindparam("meeting_id"))
)
_ADULTS = (
    select(ReferralAdult.name)
    .join(ReferralChild, ReferralChild.referral_id == ReferralAdult.referral_id)
    .join(MeetingChild, MeetingChild.child_id == ReferralChild.child_id)
    .where(MeetingChild.meeting_id == bindparam("meeting_id"))
)
_SCHOOLS = (
    select(Agency.name)
    .join(Professional, Professional.agency_id == Agency.id)
    .join(ChildProfessional, ChildProfessional.professional_id == Professional.id)
    .join(MeetingChild, MeetingChild.child_id == ChildProfessional.child_id)
    .where(
        MeetingChild.meeting_id == bindparam("meeting_id"),
        Agency.kind == AgencyKind.EDUCATION,
    )
)


class ChildShown(NamedTuple):
    meeting_id: int
    id: int
    ref: str
    given_name: str
    family_name: str
    date_of_birth: date | None
    due_date: date | None
    looked_after: bool

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class MessageShown(NamedTuple):
    invitee_id: int
    kind: MessageKind
    at: datetime
    state: MessageState
    sent_at: datetime | None
    problem: str | None
    letter: str = ""  # which of the letters of its kind, as the outbox calls it


class ReportShown(NamedTuple):
    id: int
    invitee_id: int
    via: ReportVia
    received_at: datetime
    file_name: str | None
    media_type: str | None
    typed: bool


class Place(NamedTuple):
    """Where and how a discussion is held; the PIN is for those who need it only."""

    line_name: str | None
    telephone: str | None
    pin: str | None


def meeting_by_ref(session: Session, ref: str) -> Meeting | None:
    """The discussion with this public reference, with its invitees. Raises Erased for one that
    was deleted."""
    return _not_erased(session.execute(_BY_REF, {"ref": ref}).scalar_one_or_none())


def state_of(session: Session, ref: str) -> MeetingState | None:
    """The state of the discussion with this reference; None where there is none."""
    return session.execute(_STATE, {"ref": ref}).scalar_one_or_none()


def meeting_for_change(session: Session, ref: str) -> Meeting | None:
    """The same, locked until the transaction ends: what is decided on it stays true."""
    return _not_erased(session.execute(_FOR_CHANGE, {"ref": ref}).scalar_one_or_none())


def _not_erased(meeting: Meeting | None) -> Meeting | None:
    if meeting is not None and meeting.erased_at is not None:
        raise Erased(meeting.ref)
    return meeting


def invitee_for_change(session: Session, invitee_id: int) -> Invitee | None:
    """The invitee as they stand now, locked until the transaction ends, and their discussion
    before them: whoever changes or cancels it locks in that order too, so that neither decides on
    what the other is about to change."""
    return _read(session, invitee_id, _TO_CHANGE)


def invitee_as_it_stands(session: Session, invitee_id: int) -> Invitee | None:
    """The same reads, and nothing is locked."""
    return _read(session, invitee_id, _AS_IT_STANDS)


def _read(
    session: Session,
    invitee_id: int,
    statements: tuple[Select[Meeting], Select[Invitee]],
) -> Invitee | None:
    asked = {"invitee_id": invitee_id}
    session.execute(statements[0], asked).scalar_one_or_none()
    return session.execute(statements[1], asked).scalar_one_or_none()


def children_of(session: Session, meeting_id: int) -> list[ChildShown]:
    """The children a discussion is about, in order."""
    rows = session.execute(_CHILDREN, {"meeting_id": meeting_id})
    return [ChildShown(*row) for row in rows]


def messages_of(session: Session, meeting_id: int) -> list[MessageShown]:
    """Every message about a discussion with its state in the outbox, oldest first (D7)."""
    rows = session.execute(_MESSAGES, {"meeting_id": meeting_id})
    return [MessageShown(*row) for row in rows]


def reports_of(session: Session, meeting_id: int) -> list[ReportShown]:
    """The reports that came in, without their content (D5)."""
    rows = session.execute(_REPORTS, {"meeting_id": meeting_id})
    return [ReportShown(*row) for row in rows]


def report(session: Session, meeting_id: int, report_id: int) -> Report | None:
    """One report of this discussion, with its content."""
    return session.execute(
        select(Report)
        .join(Invitee, Invitee.id == Report.invitee_id)
        .where(Report.id == report_id, Invitee.meeting_id == meeting_id)
    ).scalar_one_or_none()


def left_out_of(session: Session, meeting_id: int) -> list[LeftOut]:
    """Who was proposed and not invited, and why (C2)."""
    return list(session.execute(_LEFT_OUT, {"meeting_id": meeting_id}).scalars())


def place_of(session: Session, meeting: Meeting) -> Place:
    """The line and PIN of a discussion; all empty where none is taken."""
    if meeting.line_id is None:
        return Place(None, None, None)
    row = session.execute(
        _PLACE, {"line_id": meeting.line_id, "pin_id": meeting.pin_id}
    ).one_or_none()
    return Place(None, None, None) if row is None else Place(*row)


def staff_name(session: Session, staff_id: int | None) -> str:
    """The name of a member of staff, or nothing."""
    if staff_id is None:
        return ""
    return session.execute(_STAFF_NAME, {"staff_id": staff_id}).scalar_one_or_none() or ""


def chair_and_referral(session: Session, meeting_id: int) -> tuple[str, str, bool]:
    """The chair's name and the referral's reference, each empty where there is none; and whether
    the chair still works here and may chair."""
    row = session.execute(_CHAIR_AND_REFERRAL, {"meeting_id": meeting_id}).one()
    return row.name or "", row.ref or "", bool(row.may_chair)


def referral_of(session: Session, meeting: Meeting) -> Referral | None:
    """The referral a discussion came from; none for an open case (A11)."""
    return session.get(Referral, meeting.referral_id) if meeting.referral_id else None


def meetings_of_referral(session: Session, referral_id: int) -> list[Meeting]:
    """The discussions of one referral, in order (A11)."""
    return list(
        session.execute(
            select(Meeting).where(Meeting.referral_id == referral_id).order_by(Meeting.id)
        ).scalars()
    )


def invitee(session: Session, meeting_id: int, invitee_id: int) -> Invitee | None:
    """One invitee of this discussion and no other."""
    return session.execute(
        select(Invitee).where(Invitee.id == invitee_id, Invitee.meeting_id == meeting_id)
    ).scalar_one_or_none()


def waiting_of_referral(session: Session, referral_id: int) -> Meeting | None:
    """The discussion of this referral that waits to be booked, beside any that are booked."""
    return session.execute(
        select(Meeting)
        .where(Meeting.referral_id == referral_id, Meeting.state == MeetingState.NEEDED)
        .order_by(Meeting.id)
        .limit(1)
    ).scalar_one_or_none()


def words_of_case(session: Session, meeting_id: int) -> tuple[list[str], list[str]]:
    """The names of the children and the adults round them, and what tells of their homes with the
    names of their schools: what must not stand where others can read it (D2)."""
    names: list[str] = []
    phrases: set[str] = set()
    asked = {"meeting_id": meeting_id}
    for given, family, address in session.execute(_WORDS, asked):
        names += [given, family]
        phrases |= phrases_of_home(address or "")
    for adults in (_ADULTS, _ADULTS_OF_OPEN_CASE):
        names += session.execute(adults, asked).scalars()
    schools = session.execute(_SCHOOLS, asked)
    return names, [*phrases, *schools.scalars()]


_MINE, _THEIRS = aliased(MeetingChild), aliased(MeetingChild)
_WITHOUT_LATER = select(_MINE.child_id).where(
    _MINE.meeting_id == bindparam("meeting_id"),
    ~exists().where(_THEIRS.child_id == _MINE.child_id, _THEIRS.meeting_id > _MINE.meeting_id),
)


_LAST_CANCELLED = (
    select(Meeting)
    .join(_THEIRS, _THEIRS.meeting_id == Meeting.id)
    .where(
        _THEIRS.child_id.in_(bindparam("children", expanding=True)),
        Meeting.referral_id.is_(None),
        Meeting.state == MeetingState.CANCELLED,
        Meeting.not_needed_at.is_(None),
        ~exists().where(_MINE.child_id == _THEIRS.child_id, _MINE.meeting_id > Meeting.id),
    )
    .order_by(Meeting.id)
    .limit(1)
)


def last_cancelled(session: Session, child_ids: Sequence[int]) -> Meeting | None:
    """The discussion of one of these children's open cases that was cancelled last, where nothing
    took its place and nobody said that none is needed (A11); the oldest of several."""
    return session.execute(_LAST_CANCELLED, {"children": child_ids}).unique().scalar_one_or_none()


def children_without_later(session: Session, meeting_id: int) -> set[int]:
    """The numbers of those children of a discussion for whom none was decided after it."""
    return set(session.execute(_WITHOUT_LATER, {"meeting_id": meeting_id}).scalars())
