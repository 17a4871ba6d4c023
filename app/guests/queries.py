"""What an invited person may read: each select starts from the one invitee behind the session."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import JSON, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.directory.models import ConferenceLine, CouncilSettings, LinePin
from app.guests.rules import told, what_is_open
from app.guests.types import (
    ChildSeen,
    DeskSeen,
    MeetingSeen,
    OwnAction,
    OwnAnswer,
    OwnDissent,
    OwnReport,
    Visitor,
)
from app.invitations.queries import guest_by_session, invitation_by_token, link_by_token
from app.meetings.answers import asks_by_letter
from app.meetings.discussion.models import Action, Dissent
from app.meetings.escalation.models import Escalation
from app.meetings.escalation.page import stands_words
from app.meetings.models import Invitee, Meeting, MeetingChild, Report
from app.meetings.open_case.models import OpenCase
from app.meetings.papers.models import SentForm
from app.meetings.papers.queries import form_by_invitation
from app.meetings.papers.queries import form_pressed as find_form_pressed
from app.meetings.queries import invitee_as_it_stands, invitee_for_change
from app.referrals.models import Child, Referral

_BY_INVITATION = (
    select(Invitee.id, Invitee.meeting_id, Invitee.agency_name, Meeting.ref)
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(Invitee.removed_at.is_(None), ~Invitee.has_left)
)
_NEWEST = select(Invitee.id).order_by(Invitee.id.desc()).limit(1)
_INVITEE_ID = select(Invitee.id).where(Invitee.removed_at.is_(None), ~Invitee.has_left)
_MEETING = (
    select(
        Meeting,
        ConferenceLine.telephone,
        LinePin.pin,
        func.coalesce(Referral.concerns, OpenCase.concerns, type_=JSON()).label("concerns"),
        Invitee.agency_kind,
    )
    .join(Invitee, Invitee.meeting_id == Meeting.id)
    .outerjoin(ConferenceLine, ConferenceLine.id == Meeting.line_id)
    .outerjoin(LinePin, LinePin.id == Meeting.pin_id)
    .outerjoin(Referral, Referral.id == Meeting.referral_id)
    .outerjoin(OpenCase, OpenCase.meeting_id == Meeting.id)
)
_CHILDREN = (
    select(Child.given_name, Child.family_name, Child.date_of_birth, Child.due_date)
    .join(MeetingChild, MeetingChild.child_id == Child.id)
    .order_by(MeetingChild.position)
)
_ANSWER = select(
    Invitee.answer,
    Invitee.answered_at,
    Invitee.answer_note,
    Invitee.decision_maker,
    Invitee.agency_kind,
)
_REPORTS = select(
    Report.id, Report.body, Report.file_name, Report.received_at, Report.first_given_at
).order_by(Report.id)
_DISSENTS = (
    select(Dissent.what, Escalation)
    .outerjoin(Escalation, Escalation.dissent_id == Dissent.id)
    .where(Dissent.invitee_id == bindparam("invitee_id"), Dissent.struck_at.is_(None))
    .order_by(Dissent.id)
)
_ACTIONS = select(Action).where(Action.removed_at.is_(None)).order_by(Action.due_at, Action.id)


class Pressed(NamedTuple):
    """Whose link was pressed, and whether its letter told the time that the meeting has now."""

    invitee: Invitee
    tells_the_time: bool


def visitor_by_session(session: Session, token: str, now: datetime) -> Visitor | None:
    """The invited person behind a session cookie; None once the session, the invitation or the
    place among the invitees has ended (D3)."""
    guest = guest_by_session(session, token, now)
    if guest is None:
        return None
    row = session.execute(
        _BY_INVITATION.where(Invitee.invitation_id == guest.invitation_id)
    ).one_or_none()
    if row is None:
        return None
    return Visitor(
        guest=guest,
        invitee_id=row.id,
        meeting_id=row.meeting_id,
        meeting_ref=row.ref,
        agency_name=row.agency_name,
    )


def pressed(session: Session, token: str, now: datetime) -> Pressed | None:
    """Whom a link finds: for the two buttons that need no code, and for nothing else (D3). The
    invitee is locked until the transaction ends."""
    link = link_by_token(session, token, now)
    if link is None:
        return None
    held = link.invitation.id
    found = session.execute(_INVITEE_ID.where(Invitee.invitation_id == held)).scalar_one_or_none()
    invitee = invitee_for_change(session, found) if found is not None else None
    # Read again under the lock: time and address may have been changed in the same moment.
    session.expire(link.invitation)
    link = link_by_token(session, token, now)
    if link is None or invitee is None or invitee.removed_at is not None:
        return None
    if invitee.invitation_id != held:
        return None
    return Pressed(invitee, link.tells_the_time)


def anybody(session: Session, token: str, now: datetime) -> Invitee | None:
    """Somebody, to be looked up in the place of nobody and left alone (D3)."""
    newest = session.execute(_NEWEST).scalar_one_or_none()
    found = invitee_as_it_stands(session, newest) if newest is not None else None
    link_by_token(session, token, now)
    return found


def invitee_of(session: Session, invitation_id: int | None) -> tuple[int | None, int | None]:
    """The number of the invitee behind an invitation, and that of anybody, to stand in the place
    of nobody (D3); asked in the same way for none at all."""
    found = session.execute(_INVITEE_ID.where(Invitee.invitation_id == (invitation_id or 0)))
    return found.scalar_one_or_none(), session.execute(_NEWEST).scalar_one_or_none()


def form_by_link(session: Session, token: str, now: datetime) -> SentForm | None:
    """The form to which a link leads, where it leads to one (C6)."""
    invitation = invitation_by_token(session, token, now)
    return None if invitation is None else form_by_invitation(session, invitation.id)


def form_pressed(session: Session, token: str, now: datetime) -> SentForm | None:
    """The form whose link this is, locked until the transaction ends; asked in the same way for a
    link that leads to none (D3)."""
    invitation = invitation_by_token(session, token, now)
    return find_form_pressed(session, invitation.id if invitation else 0)


def meeting_for(session: Session, visitor: Visitor) -> MeetingSeen:
    """The appointment, the children and the concern as far as this invitee may read them (D4)."""
    meeting, telephone, pin, concerns, kind = session.execute(
        _MEETING.where(Invitee.id == visitor.invitee_id)
    ).one()
    now_open = what_is_open(meeting.state)
    # What was held counts, as in the record; what was booked counts until then.
    held = meeting.ended_at is not None
    names = session.execute(_CHILDREN.where(MeetingChild.meeting_id == meeting.id))
    return MeetingSeen(
        ref=meeting.ref,
        state=meeting.state,
        format=meeting.format,
        starts_at=meeting.started_at if held else meeting.starts_at or meeting.started_at,
        ends_at=meeting.ended_at if held else meeting.ends_at,
        place=meeting.place,
        telephone=telephone if now_open.dial_in else None,
        pin=pin if now_open.dial_in else None,
        typed_dial_in=meeting.typed_dial_in if now_open.dial_in else None,
        signed_at=meeting.signed_at,
        at_once=not asks_by_letter(meeting),
        children=tuple(
            ChildSeen(f"{given} {family}", born, due) for given, family, born, due in names
        ),
        told=told(kind, concerns or (), meeting.need_reason),
    )


def answer_of(session: Session, visitor: Visitor) -> OwnAnswer:
    row = session.execute(_ANSWER.where(Invitee.id == visitor.invitee_id)).one()
    return OwnAnswer(
        answer=row.answer,
        answered_at=row.answered_at,
        note=row.answer_note or "",
        decision_maker=row.decision_maker,
        agency_kind=row.agency_kind,
    )


def reports_of(session: Session, visitor: Visitor) -> list[OwnReport]:
    """The reports this invitee sent, without their files."""
    rows = session.execute(_REPORTS.where(Report.invitee_id == visitor.invitee_id))
    return [
        OwnReport(row.id, row.body or "", row.file_name or "", row.received_at, row.first_given_at)
        for row in rows
    ]


def report_of(session: Session, visitor: Visitor, report_id: int) -> Report | None:
    """One report, if this invitee sent it; nobody else's is ever found (H2)."""
    return session.execute(
        select(Report).where(Report.id == report_id, Report.invitee_id == visitor.invitee_id)
    ).scalar_one_or_none()


def actions_of(session: Session, visitor: Visitor) -> list[OwnAction]:
    """What this invitee is to do, by when; nothing that was struck out (E3)."""
    rows = session.execute(_ACTIONS.where(Action.owner_id == visitor.invitee_id)).scalars()
    return [
        OwnAction(
            id=row.id,
            what=row.what,
            why=row.why or "",
            due_at=row.due_at,
            state=row.state,
            progress=row.progress or "",
            version=row.version,
        )
        for row in rows
    ]


def action_of(session: Session, visitor: Visitor, action_id: int) -> Action | None:
    """One action, if it is this invitee's own and was not struck out."""
    return session.execute(_own_action(visitor, action_id)).scalar_one_or_none()


def action_to_change(session: Session, visitor: Visitor, action_id: int) -> Action | None:
    """The same, read anew and locked until the transaction ends."""
    return session.execute(
        _own_action(visitor, action_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()


def _own_action(visitor: Visitor, action_id: int) -> Select[Action]:
    return select(Action).where(
        Action.id == action_id,
        Action.owner_id == visitor.invitee_id,
        Action.removed_at.is_(None),
    )


def dissents_of(session: Session, visitor: Visitor) -> list[OwnDissent]:
    """What this invitee disagrees with, oldest first, and where each stands (E4)."""
    rows = session.execute(_DISSENTS, {"invitee_id": visitor.invitee_id})
    return [OwnDissent(what, stands_words(escalation)) for what, escalation in rows]


def desk(session: Session) -> DeskSeen:
    """Whom to telephone; the same on every page, before and after the code."""
    row = session.get(CouncilSettings, 1)
    if row is None:
        return DeskSeen("", "", "", "")
    return DeskSeen(row.authority, row.desk_name, row.desk_telephone, row.out_of_hours_telephone)
