"""Taking in mail, and what people do with what is left to them (D6)."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Actor, ActorKind, Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.invitations.models import Invitation
from app.invitations.replies.reading import clean, own_words
from app.invitations.replies.types import CalendarAnswer, MailKind, MailRead
from app.meetings import answers
from app.meetings.models import Invitee
from app.meetings.queries import invitee_for_change
from app.meetings.received import queries, rules
from app.meetings.received.models import MailboxPosition, MailboxReading, ReceivedMail
from app.meetings.received.types import Held, Outcome, TakenIn, Verdict, Why
from app.meetings.rules import OPEN_TO_INVITEES
from app.meetings.types import Answer
from app.outbox import service as outbox
from app.outbox.types import MessageState

_REFERENCE = re.compile(r"\bSD-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
# Of a discussion, a referral, a request for information, a letter about a referral.
_REFERENCES = re.compile(r"\b(?:SD|RF|IR|LT)-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_ON_ITS_WAY = frozenset({MessageState.SENT, MessageState.SENDING})
AT_ONCE = 200  # mails emptied in one transaction
LONGEST_CLOSING = 2_000
LONGEST_NOTE = 1_000


def take_in(session: Session, read: MailRead, raw: bytes, now: datetime) -> TakenIn:
    """Take in one mail: note an answer, mark what was returned, or lay it before a person.

    `raw` are its bytes and `read` what they say. Taken in once, whichever way and however often it
    arrives: known by Message-ID and sender, without one by its bytes. Nobody is added, nothing is
    moved. Changes nothing and says so where it was taken in before.
    """
    digest = digest_of(read, raw)
    before = queries.taken_before(session, digest)
    if before is not None:
        return TakenIn(*before, before=True)
    row = ReceivedMail(
        ref=new_reference("ML"),
        digest=digest,
        received_at=now,
        kind=read.kind,
        outcome=Outcome.LOOK,
        why=Why.UNREADABLE,
        sender=read.sender,
        subject=read.subject,
        words=read.words,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        # Another worker was given the same mail in the same moment.
        before = queries.taken_before(session, digest)
        if before is None:
            raise
        return TakenIn(*before, before=True)
    if read.calendar is None:
        # Before a message or the audit is taken: whoever changes the discussion takes it first.
        _place(session, row, read)
    _do(session, row, read, now)
    if row.invitee_id is not None:
        row.meeting_id = session.get_one(Invitee, row.invitee_id).meeting_id
        row.referral_id = None
    elif read.calendar is not None:
        _place(session, row, read)
    if read.files and row.outcome is not Outcome.LOOK:
        # Whatever was understood of it, nobody has read what came with it: perhaps the report.
        row.outcome, row.why = Outcome.LOOK, Why.WRITTEN
    if row.outcome is Outcome.LOOK:
        row.original = raw
    session.flush()
    record(
        session,
        SYSTEM,
        "mail taken in",
        Subject("mail", row.ref),
        now,
        {
            "kind": row.kind.value,
            "outcome": row.outcome.value,
            "why": row.why.value if row.why else None,
            "invitee": row.invitee_id,
        },
    )
    return TakenIn(row.ref, row.outcome)


def digest_of(read: MailRead, raw: bytes) -> str:
    """By what a mail is known again. The sender belongs to it: nobody's mail can be kept out by
    somebody else's who uses its Message-ID first."""
    known = f"{read.message_id}\n{read.sender}".encode() if read.message_id else raw
    return hashlib.sha256(known).hexdigest()


def _place(session: Session, row: ReceivedMail, read: MailRead) -> None:
    """To which case a mail belongs, whoever sent it: that of the message which it answers or
    returns, whatever kind of letter that was, else the one that its subject names (D6, H2)."""
    ids = (*read.answers_to, *(read.report.message_ids if read.report else ()))
    found = queries.case_of_messages(session, ids) or queries.case_named(
        session, _REFERENCES.findall(read.subject)
    )
    if found is not None:
        row.meeting_id, row.referral_id = found
        session.flush()


def _do(session: Session, row: ReceivedMail, read: MailRead, now: datetime) -> None:
    match read.kind:
        case MailKind.ANSWER | MailKind.COUNTER if read.calendar is not None:
            _answered(session, row, read, read.calendar, now)
        case MailKind.RETURNED | MailKind.DELAYED:
            _reported(session, row, read, now)
        case MailKind.NOTICE:
            row.outcome, row.why = Outcome.NO_EFFECT, None
        case MailKind.AUTOMATIC:
            _automatic(session, row, read)
        case MailKind.WRITTEN:
            row.why = Why.WRITTEN
            invitee = _whose(session, read)
            row.invitee_id = invitee.id if invitee else None
        case _:
            row.why = Why.UNREADABLE


def _answered(
    session: Session, row: ReceivedMail, read: MailRead, said: CalendarAnswer, now: datetime
) -> None:
    found = queries.invited_with(session, said.uid)
    held = _held(session, *found) if found else None
    verdict = rules.judge_answer(read.kind, said, read.sender, held, now)
    if found is not None and held is not None:
        invitee = found[0]
        row.invitee_id = invitee.id
        row.answer = rules.meant(said.partstat, held.answer, held.format)
        row.sequence = max(said.sequence, 0)
        if read.kind is MailKind.COUNTER:
            row.proposed_start, row.proposed_end = said.starts_at, said.ends_at
        if verdict.answer is not None:
            verdict = _note(session, invitee, verdict, read, said, now)
    row.outcome, row.why = verdict.outcome, verdict.why


def _note(
    session: Session,
    invitee: Invitee,
    verdict: Verdict,
    read: MailRead,
    said: CalendarAnswer,
    now: datetime,
) -> Verdict:
    actor = Actor(
        ActorKind.GUEST, invitee.invitation_id, f"invitee: {invitee.agency_name} (by calendar)"
    )
    given = verdict.answer or Answer.NONE
    written = own_words(read.words) if _writes_itself(read) else ""
    words = clean(said.words, LONGEST_NOTE) or written
    moment = rules.given_at(said, now)
    try:
        with session.begin_nested():
            answers.answer(session, invitee, given, words or None, actor, now, moment)
    except Refused:
        return Verdict(Outcome.LOOK, Why.NO_LONGER_INVITED)
    return verdict


def _writes_itself(read: MailRead) -> bool:
    """Whether the text of an answer is what the person typed: Outlook's is, where it holds
    anything; Google and Apple write sentences of their own, which name the entry."""
    reference = _REFERENCE.search(read.subject)
    return bool(read.words) and (reference is None or reference[0] not in read.words)


def _held(session: Session, invitee: Invitee, invitation: Invitation) -> Held:
    return Held(
        email=invitation.email,
        sequence=invitation.sequence,
        answer=invitee.answer,
        answered_at=invitee.answered_at,
        state=invitee.meeting.state,
        format=invitee.meeting.format,
        removed=invitee.removed_at is not None,
        replaced=invitee.answer is Answer.DEPUTY or answers.deputy_of(session, invitee) is not None,
    )


def _reported(session: Session, row: ReceivedMail, read: MailRead, now: datetime) -> None:
    report = read.report
    message = queries.message_of(session, report.message_ids if report else ())
    if report is None or message is None or message.state not in _ON_ITS_WAY:
        known = message is not None and message.state is MessageState.BOUNCED
        row.outcome = Outcome.NO_EFFECT if known else Outcome.LOOK
        row.why = None if known else Why.RETURNED_UNKNOWN
        return
    invitee = queries.written_to(session, report.message_ids)
    row.invitee_id = invitee.id if invitee else None
    if read.kind is MailKind.DELAYED:
        row.why = Why.DELAYED
        return
    outbox.bounced(session, message, report.problem, now)
    row.outcome, row.why = Outcome.RETURNED, None


def _automatic(session: Session, row: ReceivedMail, read: MailRead) -> None:
    """Out of office: who is away while their answer is awaited, somebody has to telephone."""
    row.why = Why.AUTOMATIC
    invitee = _whose(session, read)
    if invitee is None:
        return
    row.invitee_id = invitee.id
    row.why = Why.AWAY
    if invitee.answer is not Answer.NONE or invitee.meeting.state not in OPEN_TO_INVITEES:
        row.outcome, row.why = Outcome.AWAY, None


def _whose(session: Session, read: MailRead) -> Invitee | None:
    """The invitee a mail is about: whose message it answers, else whom the reference in its
    subject and its sender name together."""
    invitee = queries.written_to(session, read.answers_to)
    if invitee is not None or not read.sender:
        return invitee
    reference = _REFERENCE.search(read.subject)
    if reference is None:
        return None
    theirs = (
        one
        for one in queries.invitees_of(session, reference[0])
        if (one.email or "").lower() == read.sender
    )
    # Somebody removed and asked again stands there twice: it is the row that holds now.
    return max(theirs, key=lambda one: (one.removed_at is None, one.id), default=None)


def assign(session: Session, actor: Actor, ref: str, now: datetime) -> ReceivedMail:
    """Somebody takes a mail upon themselves; a colleague may take it over.

    Raises Refused where it is closed or is not there.
    """
    row = _open(session, ref)
    if row.assigned_to_id != actor.id:
        row.assigned_to_id = actor.id
        session.flush()
        record(session, actor, "took on a mail", Subject("mail", row.ref), now)
    return row


def note_answer(
    session: Session, actor: Actor, ref: str, given: Answer, note: str, now: datetime
) -> ReceivedMail:
    """A person has read a mail and notes it as its invitee's answer; the mail is closed. An empty
    `note` adds nothing to the one there is.

    Raises Refused (field `answer`) as `answers.answer` does, and where it is nobody's.
    """
    found = queries.mail(session, ref)
    # The discussion first and the mail after it, as whoever mends an address takes them.
    whose = found.invitee_id if found else None
    invitee = invitee_for_change(session, whose) if whose else None
    row = _open(session, ref)
    if invitee is None or row.invitee_id != invitee.id:
        raise Refused("answer", "It is not known whose answer this is: open the discussion")
    answers.answer(session, invitee, given, note or None, actor, now)
    _close(session, row, actor, f"Noted: {given.label}", now)
    return row


def close(session: Session, actor: Actor, ref: str, done: str, now: datetime) -> ReceivedMail:
    """A person has seen to a mail, and says what was done.

    Raises Refused (field `done`) for no words, too many, or a mail that is closed.
    """
    row = _open(session, ref, "done")
    if not done:
        raise Refused("done", "Say what was done, in a word or two")
    if len(done) > LONGEST_CLOSING:
        raise Refused("done", f"Shorten this to {LONGEST_CLOSING:,} characters")
    _close(session, row, actor, done, now)
    return row


def forget(session: Session, now: datetime) -> int:
    """Empty mail that has been kept for 90 days since it was closed; what became of it stays.

    Returns how many were emptied, at most 200: call again while it is more than none.
    """
    ids = queries.kept_too_long(session, now - rules.ORIGINAL_KEPT, AT_ONCE)
    if ids:
        session.execute(
            update(ReceivedMail)
            .where(ReceivedMail.id.in_(ids))
            .values(sender=None, subject=None, words=None, original=None, closing=None)
            .execution_options(synchronize_session=False)
        )
        record(
            session, SYSTEM, "mail emptied by rule", Subject("mail", "kept"), now,
            {"mails": len(ids)},
        )  # fmt: skip
    return len(ids)


def read_so_far(
    session: Session, mailbox: str, uid_validity: int, last_uid: int, now: datetime
) -> None:
    """Keep how far a mailbox was read, in the transaction that took in the mail up to there."""
    held = queries.position(session, mailbox)
    if held is None:
        held = MailboxPosition(
            mailbox=mailbox, uid_validity=uid_validity, last_uid=last_uid, read_at=now
        )
        session.add(held)
    held.uid_validity, held.last_uid, held.read_at = uid_validity, last_uid, now
    session.flush()


NOTED_EVERY = timedelta(minutes=5)


def note_reading(session: Session, mailbox: str, problem: str, now: datetime) -> None:
    """Keep whether a mailbox could be read; `problem` is empty where it could. Written when that
    changes, and every few minutes: people are told of a mailbox that is tried and not read."""
    held = session.get(MailboxReading, mailbox)
    if held is None:
        held = MailboxReading(mailbox=mailbox, tried_at=now)
        session.add(held)
    elif held.problem == (problem or None) and now - held.tried_at < NOTED_EVERY:
        return
    held.tried_at = now
    held.problem = problem or None
    if problem:
        held.failing_since = held.failing_since or now
    else:
        held.failing_since, held.read_at = None, now
    session.flush()


def _open(session: Session, ref: str, field: str = "answer") -> ReceivedMail:
    row = queries.mail_to_change(session, ref)
    if row is None or row.outcome is not Outcome.LOOK:
        raise Refused(field, "There is nothing to do about this mail. Load the list again.")
    if row.closed_at is not None:
        raise Refused(field, "Somebody has closed this mail meanwhile: see what they did")
    return row


def _close(session: Session, row: ReceivedMail, actor: Actor, done: str, now: datetime) -> None:
    row.closed_at, row.closed_by_id, row.closing = now, actor.id, done
    session.flush()
    record(session, actor, "closed a mail", Subject("mail", row.ref), now,
           {"invitee": row.invitee_id})  # fmt: skip
