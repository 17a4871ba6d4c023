"""The worker's part: reading the mailbox, and emptying what has been kept long enough."""

from __future__ import annotations

from datetime import datetime

import structlog

from app.core.config import Settings
from app.core.imap_address import read_url
from app.core.session import reading, transaction
from app.invitations.replies.mailbox import Found, Mailbox, MailboxError
from app.invitations.replies.reading import read_mail
from app.invitations.replies.types import MailKind, MailRead
from app.meetings.received import queries, service
from app.meetings.received.types import TakenIn

log = structlog.get_logger()
BATCH = 50
WITHHELD = (
    "The mailbox server does not hand this mail over. Open the mailbox in a mail program and look "
    "for it there, between the mails taken in before and after this one."
)


def take(raw: bytes, now: datetime, *, whole: bool = True, words: str = "") -> TakenIn:
    """Take in one mail in a transaction of its own; `words` stand for one that is not whole.

    Where taking it in fails for a fault of ours, it is kept unread for a person, so that it is
    neither lost nor stands in the way of the mail behind it.
    """
    read = read_mail(raw) if whole else MailRead(MailKind.UNREADABLE, words=words)
    try:
        with transaction() as session:
            return service.take_in(session, read, raw, now)
    except Exception as error:
        log.error("mail could not be taken in", kind=read.kind.value, exc_info=error)
        with transaction() as session:
            unread = MailRead(MailKind.UNREADABLE, message_id=read.message_id, sender=read.sender)
            return service.take_in(session, unread, raw, now)


def read_mailbox(settings: Settings, now: datetime) -> int:
    """Take in what is new in the mailbox of IMAP_URL; returns how many, at most fifty.

    The position follows each mail once that is committed: what a crash lets be read twice is known
    again, and nothing is passed over. A mailbox that can't be read now is read later.
    """
    if settings.imap_url is None:
        return 0
    place = read_url(settings.imap_url, loopback_only=settings.example)
    held = queries.position(reading(), place.digest)
    validity = held.uid_validity if held else None
    last = held.last_uid if held else None
    reading().rollback()
    taken, problem = 0, ""
    try:
        with Mailbox(place) as mailbox:
            if validity != mailbox.uid_validity:
                last = None  # numbered anew: what is known already is passed over by itself
            for found in mailbox.after(last, now, BATCH):
                _one(place.digest, mailbox.uid_validity, found, now)
                taken += 1
    except MailboxError as error:
        problem = str(error)
        log.warning("mailbox waits", problem=problem)
    with transaction() as session:
        service.note_reading(session, place.digest, problem, now)
    return taken


def _one(mailbox: str, uid_validity: int, found: Found, now: datetime) -> None:
    take(found.raw, now, whole=found.whole, words=WITHHELD if found.withheld else "")
    with transaction() as session:
        service.read_so_far(session, mailbox, uid_validity, found.uid, now)


def forget(_settings: Settings, now: datetime) -> int:
    """Empty mail that has been kept for as long as the rule says."""
    with transaction() as session:
        return service.forget(session, now)
