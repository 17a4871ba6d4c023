"""Mail that came in during the example week: answers by calendar, a reply in words, out of office,
and what came back. Built as bytes and taken in as real mail is (D6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.invitations.models import Invitation
from app.invitations.replies.reading import read_mail
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.received import service
from app.meetings.types import Answer, MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState

_INVITED = (
    select(Invitee, Invitation, OutboxMessage)
    .join(Invitation, Invitation.id == Invitee.invitation_id)
    .join(Delivery, Delivery.invitee_id == Invitee.id)
    .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(
        Meeting.state == MeetingState.BOOKED,
        Invitee.staff_id.is_(None),
        Invitee.answer == Answer.NONE,
        Delivery.kind == MessageKind.INVITATION,
    )
    .order_by(Invitee.is_team, OutboxMessage.id)
)
KINDS = 8
DESK = "rna-desk@example.org"


def mail_came_in(session: Session, now: datetime) -> None:
    """One mail of each kind to discussions that lie ahead, as far as there are enough of them."""
    at = now - timedelta(minutes=40)
    people = session.execute(_INVITED.limit(KINDS)).all()
    for place, (invitee, invitation, letter) in enumerate(people):
        if letter.state is MessageState.QUEUED:
            letter.state, letter.content, letter.tries = MessageState.SENT, None, 1
            letter.sent_at = letter.queued_at + timedelta(seconds=4)
            session.flush()
        at = min(max(at, letter.queued_at) + timedelta(minutes=1), now)
        raw = _written(place, Invited(invitee, invitation, letter), at)
        service.take_in(session, read_mail(raw), raw, at)


class Invited(NamedTuple):
    invitee: Invitee
    invitation: Invitation
    letter: OutboxMessage


def _written(place: int, who: Invited, at: datetime) -> bytes:
    match place:
        case 0:
            return _returned(who, "5.1.1", at)
        case 1:
            return _out_of_office(who, at)
        case 2:
            return _words(who, at)
        case 4:
            return _returned(who, "5.2.2", at)
        case 5:
            return _answer(who, "TENTATIVE", at, "Clinic until 10, then I dial in.")
        case 6:
            return _answer(who, "DECLINED", at, proposes=timedelta(hours=2))
        case _:
            return _answer(who, "ACCEPTED", at)


def _answer(
    who: Invited, partstat: str, at: datetime, words: str = "", proposes: timedelta | None = None
) -> bytes:
    invitee, invitation, _letter = who
    starts = invitee.meeting.starts_at or at
    start = starts + (proposes or timedelta())
    method = "COUNTER" if proposes else "REPLY"
    lines = [
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "PRODID:-//Example//Calendar//EN",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f'ATTENDEE;PARTSTAT={partstat};CN="{invitee.name}":MAILTO:{invitation.email}',
        f"UID:{invitation.uid}",
        f"SEQUENCE:{invitation.sequence}",
        f"DTSTAMP:{_stamp(at)}",
        f"DTSTART:{_stamp(start)}",
        f"DTEND:{_stamp(start + timedelta(minutes=45))}",
        *([f"COMMENT:{words}"] if words else []),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    mail = _mail(who, f"{partstat.title()}: Multi-agency meeting {invitee.meeting.ref}", at)
    mail.set_content(words or "\n")
    calendar = "\r\n".join(lines).encode()
    mail.add_alternative(
        calendar, maintype="text", subtype="calendar", params={"method": method, "charset": "utf-8"}
    )
    return bytes(mail)


def _words(who: Invited, at: datetime) -> bytes:
    invitee, _invitation, letter = who
    mail = _mail(who, f"RE: {letter.subject}", at)
    mail["In-Reply-To"] = letter.message_id
    mail.set_content(
        "Thank you. I can dial in but have to leave after half an hour.\n"
        f"Please ring me first if the time moves.\n\n{invitee.name}\n"
    )
    return bytes(mail)


def _out_of_office(who: Invited, at: datetime) -> bytes:
    _invitee, _invitation, letter = who
    mail = _mail(who, f"Automatic reply: {letter.subject}", at)
    mail["In-Reply-To"] = letter.message_id
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("I am on leave until Monday week. The duty desk answers in my place.\n")
    return bytes(mail)


def _returned(who: Invited, status: str, at: datetime) -> bytes:
    _invitee, invitation, letter = who
    report = (
        "Reporting-MTA: dns; mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; {invitation.email}\r\nAction: failed\r\nStatus: {status}\r\n"
    )
    original = f"Message-ID: {letter.message_id}\r\nSubject: {letter.subject}\r\n"
    parts = (
        ("text/plain", "Your message could not be delivered.\r\n"),
        ("message/delivery-status", report),
        ("text/rfc822-headers", original),
    )
    head = (
        f"From: MAILER-DAEMON@mail.example\r\nTo: {DESK}\r\nDate: {format_datetime(at)}\r\n"
        f"Message-ID: <returned-{letter.message_id.strip('<>')}>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"\r\n\r\n'
    )
    body = "".join(f"--=_r\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts)
    return f"{head}{body}--=_r--\r\n".encode()


def _mail(who: Invited, subject: str, at: datetime) -> EmailMessage:
    _invitee, invitation, letter = who
    mail = EmailMessage()
    mail["From"] = invitation.email
    mail["To"] = DESK
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<answer-{letter.message_id.strip('<>')}>"
    return mail


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")
