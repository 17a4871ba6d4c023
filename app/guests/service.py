"""What an invited person does by link and code (D3, D4, D5, E3, E4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record, viewed
from app.audit.types import PUBLIC, Actor, ActorKind, Subject
from app.core.refusal import Refused
from app.core.uploads import Upload
from app.directory.queries import council_or_none
from app.guests import queries, rules
from app.guests.earlier_reports import earlier_report, earlier_reports
from app.guests.types import Visitor
from app.invitations import service as invitations
from app.invitations.types import Desk, PartStat
from app.meetings import answers
from app.meetings.answers import Deputy
from app.meetings.discussion.models import Action, Dissent
from app.meetings.escalation import service as escalation
from app.meetings.models import Delivery, Invitee, Meeting, Report
from app.meetings.papers import service as papers
from app.meetings.papers.queries import form_by_invitation
from app.meetings.queries import invitee_for_change
from app.meetings.received.rules import meant
from app.meetings.rules import OPEN_TO_INVITEES
from app.meetings.types import ActionState, Answer, MessageKind, ReportVia
from app.outbox import service as outbox
from app.records.actions.service import reported
from app.referrals.sender import Sender, desk_of

_NO_LINK = Subject("link", "not in use")


def request_code(session: Session, token: str, browser: str, sender: Sender, now: datetime) -> None:
    """Send a code to the invitee's own address, if the link is in use; else do the same work for
    nobody (D3). The caller answers in the same words in both cases."""
    council = council_or_none(session)
    desk = desk_of(council, sender) if council else Desk("The desk", sender.mail_from, "the desk")
    made = invitations.request_code(session, token, browser, desk, now)
    if made is None:
        return
    # For nobody the same is done, and then undone: how long it takes tells nothing.
    invitee_id, stranger_id = queries.invitee_of(session, made.invitation_id)
    leads_to_form = form_by_invitation(session, made.invitation_id or 0) is not None
    letter = session.begin_nested()
    queued = outbox.enqueue(session, made.letter, now)
    delivery = session.begin_nested()
    if to := invitee_id or stranger_id:
        session.add(Delivery(invitee_id=to, message_id=queued.id, kind=MessageKind.CODE, at=now))
        session.flush()
    if invitee_id is None:
        delivery.rollback()
        if not leads_to_form:
            letter.rollback()


def behind(session: Session, token: str, now: datetime) -> str:
    """The endpoint of the page to which this link leads once its code was given."""
    found = queries.form_by_link(session, token, now)
    return "guests.meeting" if found is None else "guests.form"


def answer_without_code(session: Session, token: str, takes_part: bool, now: datetime) -> bool:
    """Accept or decline by the link alone, the one thing it may do without a code (D3).

    The page tells no time: a link counts for the time that its own letter told, and where that has
    changed the press is noted as one to an earlier time. At the link of a form it is noted with
    the form (C6). Returns whether an answer was noted; the page must not tell.
    """
    form = queries.form_pressed(session, token, now)
    if form is not None:
        _as_for_an_invitee(session, token, now)
        reader = Actor(
            ActorKind.GUEST, form.invitation_id, "form reader (by the link, without a code)"
        )
        return papers.pressed(session, reader, form, now, takes_part=takes_part)
    found = queries.pressed(session, token, now)
    if found is None:
        _as_for_an_invitee(session, token, now)
        record(session, PUBLIC, "pressed an answer at a link not in use", _NO_LINK, now)
        return False
    invitee, told = found
    meeting = invitee.meeting
    # The two buttons say as much as a calendar does: a fuller answer that agrees stays.
    pressed = PartStat.ACCEPTED if takes_part else PartStat.DECLINED
    said = meant(pressed, invitee.answer, meeting.format) or Answer.NONE
    actor = Actor(
        ActorKind.GUEST,
        invitee.invitation_id,
        f"invitee: {invitee.agency_name} (by the link, without a code)",
    )
    try:
        if told:
            answers.answer(session, invitee, said, None, actor, now)
        else:
            answers.answer_to_earlier_time(session, invitee, said, actor, now)
    except Refused:
        # A refusal would tell that the link is real. The desk sees that there is no answer.
        record(session, actor, "pressed an answer too late", Subject("meeting", meeting.ref), now)
        return False
    return told


def _as_for_an_invitee(session: Session, token: str, now: datetime) -> None:
    """Look up as much as for a link of an invitee: how long it takes tells nothing (D3)."""
    stranger = queries.anybody(session, token, now)
    if stranger is not None:
        meant(PartStat.ACCEPTED, stranger.answer, stranger.meeting.format)
        answers.deputy_of(session, stranger)


def look(session: Session, visitor: Visitor, page: str, now: datetime) -> None:
    """Note that this person is about to be sent a page of the case (H3), and is still there."""
    viewed(session, visitor.actor, page, Subject("meeting", visitor.meeting_ref), now)
    invitations.touch(session, visitor.guest, now)


def introduce(session: Session, visitor: Visitor, name: str, role: str, now: datetime) -> None:
    """Who sits behind a team's address; whoever takes part becomes the attendance (D3).

    Raises Refused (fields `name`, `role`).
    """
    invitations.introduce(session, visitor.guest, name, role, now)
    invitee, meeting = _own(session, visitor)
    if rules.becomes_attendance(Answer.NONE, meeting.state, bool(invitee.attended_name)):
        invitee.attended_name, invitee.attended_role = name, role
        session.flush()


def answer(
    session: Session, visitor: Visitor, said: Answer, note: str | None, shown: str, now: datetime
) -> None:
    """Whether, and how, the invitee takes part (D4). `shown` is the time that their page told, as
    `rules.time_told` writes it; `note` as `answers.answer` has it.

    Raises Refused (field `answer`) once the meeting has ended, where the time has changed since
    the page was opened (nobody accepts a time unseen), and for dialling in where there is no line.
    """
    invitee, meeting = _own(session, visitor)
    if meeting.state in OPEN_TO_INVITEES and shown != rules.time_told(
        meeting.starts_at, meeting.started_at
    ):
        raise Refused("answer", "The time has changed since you opened this page: answer again")
    has_dial_in = meeting.line_id is not None or bool(meeting.typed_dial_in)
    if said is Answer.DIAL_IN and not rules.may_dial_in(meeting.format, has_dial_in):
        raise Refused("answer", "This meeting has no line to dial in to: telephone the desk")
    answers.answer(session, invitee, said, note, visitor.actor, now)
    person = visitor.guest
    if person.is_team and rules.becomes_attendance(said, meeting.state, named=True):
        invitee.attended_name, invitee.attended_role = person.person_name, person.person_role
        session.flush()


def add_report(
    session: Session,
    visitor: Visitor,
    body: str,
    upload: Upload | None,
    now: datetime,
    *,
    instead: bool,
) -> Report:
    """Keep a report, typed or as a checked file; `instead` of taking part, it is the answer too
    (D4, D5).

    Raises Refused (field `body`) for an empty report and once the meeting has ended.
    """
    invitee, _meeting = _own(session, visitor)
    return answers.add_report(
        session, invitee, body, upload, ReportVia.LINK, visitor.actor, now, instead=instead
    )


def give_again(
    session: Session, visitor: Visitor, report_id: int, now: datetime, *, instead: bool
) -> bool:
    """Give this discussion a report that the same person sent to an earlier one, as it was (D5);
    once, however often it is pressed. False where it is not theirs.

    Raises Refused (field `body`) once the meeting has ended.
    """
    invitee, _meeting = _own(session, visitor)
    found = earlier_report(session, visitor, report_id)
    if found is None:
        return False
    upload = None
    if found.file is not None:
        upload = Upload(found.file_name or "report", found.media_type or "", found.file)
    if any(one.id == report_id for one in earlier_reports(session, visitor)):
        answers.add_report(
            session,
            invitee,
            found.body or "",
            upload,
            ReportVia.LINK,
            visitor.actor,
            now,
            found.first_given_at or found.received_at,
            instead=instead,
        )
    return True


def name_deputy(
    session: Session, visitor: Visitor, deputy: Deputy, sender: Sender, now: datetime
) -> Invitee:
    """A colleague comes instead and gets an invitation of their own; this link ends (D4).

    Raises Refused (fields `name`, `email`, `answer`).
    """
    invitee, _meeting = _own(session, visitor)
    return answers.name_deputy(session, invitee, deputy, sender, visitor.actor, now)


def report_progress(
    session: Session,
    visitor: Visitor,
    action_id: int,
    state: ActionState,
    progress: str,
    version: int,
    now: datetime,
) -> Action | None:
    """How one of the invitee's own actions stands (E3); None where it is not theirs.

    Raises Refused (field `progress`) where a reason is missing or where a colleague behind the
    same address reported meanwhile: both texts then stand on the page.
    """
    action = queries.action_to_change(session, visitor, action_id)
    if action is None:
        return None
    reported(session, visitor.actor, visitor.meeting_ref, action, state, progress, version, now)
    return action


def disagree(
    session: Session, visitor: Visitor, what: str, why: str, sender: Sender, now: datetime
) -> Dissent:
    """The invitee disagrees, with what and why (E4; IMAP 9); behind a team's address it is kept who
    of them said so (D3). Before sign-off it becomes part of the record, afterwards it stands beside
    it. The chair is told by mail, and the ladder opens.

    Raises Refused (field `what`) before the discussion was held.
    """
    _invitee, meeting = _own(session, visitor)
    if not rules.what_is_open(meeting.state).dissent:
        raise Refused("what", "This is asked once the meeting has started.")
    dissent = Dissent(
        meeting_id=visitor.meeting_id,
        invitee_id=visitor.invitee_id,
        what=what,
        why=why,
        person_name=visitor.guest.person_name,
        person_role=visitor.guest.person_role,
        recorded_by_id=None,
        recorded_at=now,
    )
    session.add(dissent)
    session.flush()
    escalation.open_for(session, meeting, dissent, now, sender)
    record(
        session,
        visitor.actor,
        "disagreed",
        Subject("meeting", visitor.meeting_ref),
        now,
        {"invitee": visitor.invitee_id},
    )
    return dissent


def _own(session: Session, visitor: Visitor) -> tuple[Invitee, Meeting]:
    """The invitee and the meeting as they stand now, locked until the change is made."""
    invitee = invitee_for_change(session, visitor.invitee_id)
    if (
        invitee is None
        or invitee.removed_at is not None
        # Their address was mended meanwhile: this session came from the wrong one.
        or invitee.invitation_id != visitor.guest.invitation_id
    ):
        raise Refused("answer", "This invitation has ended: telephone the desk.")
    return invitee, invitee.meeting
