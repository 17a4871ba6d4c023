"""An address that is found to be wrong after sign-off: the copies that went there (F5, D7, E3)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.refusal import Refused
from app.meetings import messages
from app.meetings.booking.late_address import NOT_INVITED, Mended, give_address
from app.meetings.booking.named_there import named_there
from app.meetings.booking.types import Again
from app.meetings.models import Invitee, Meeting
from app.meetings.rules import mendable_signed
from app.meetings.types import Answer
from app.outbox import service as outbox
from app.records import queries as records
from app.records.address import queries
from app.records.circulation import keep_first_circulated, refresh_expiry
from app.records.models import Circulation
from app.records.recall.queries import is_recalled
from app.referrals.sender import Sender


class Corrected(NamedTuple):
    """What correcting an address came to."""

    read: bool  # a copy may have been read, or was opened, at the wrong address
    anew: bool  # the right reader's copy is sent


def correct_address(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    invitee: Invitee,
    order: Again,
    sender: Sender,
    now: datetime,
) -> Corrected:
    """Give the right address to somebody whose record is signed. The discussion is locked.

    The old link opens nothing any more. What went to the wrong address stays in the ledger as it
    is, under whoever is there: when it left, and whether it was opened. The right reader gets the
    newest version: the copy that was sealed for them is sent once more, and only then it is with
    everyone. What was disagreed, reported or named by the old link is theirs no more, and a signed
    record that says it says it until it is corrected. Where the mailbox is theirs, and only takes
    no mail, nothing is set apart, and a copy that they opened is not sent again. A copy that a
    chair withheld stays withheld; of a record that is being corrected or was recalled nothing
    leaves. Owners of actions are told of them. A case that was closed opens again by itself until
    the copy has left. Raises Refused (fields `email`, `checked`).
    """
    lines = queries.lines_to_change(session, invitee.id)
    if not mendable_signed(meeting.state, meeting.signed_at):
        raise Refused("email", "The record is not signed: open the discussion and correct it there")
    colleagues = named_there(session, meeting, invitee)
    if invitee.answer is Answer.DEPUTY and not lines and (order.theirs or not colleagues):
        raise Refused("email", NOT_INVITED)
    failed = queries.every_letter_to(session, invitee.id)
    keep_first_circulated(session, meeting)
    opened = any(line.opened_at for line in lines)
    mended = give_address(session, staff, meeting, invitee, order, now, opened=opened)
    there = queries.letters_to(session, (mended.wrong or invitee).id)
    versions = records.versions_of(session, meeting.id)
    newest = versions[0]
    sends = not is_recalled(session, newest.id)
    moved: list[Circulation] = []
    read = anew = False
    for line in lines:
        letter = queries.letter_of(line, versions, there)
        current = line.version_id == newest.id and sends
        if mended.wrong is not None and (letter is not None or line.opened_at is not None):
            _set_apart(line, mended.wrong, letter)
            moved.append(line)
            read |= line.opened_at is not None or (letter is not None and letter.arrived)
            session.flush()  # a reader stands once in the ledger of a version
            if line.withheld_reason is not None or current:
                session.add(_line(line, invitee, staff, now))
        elif order.theirs and line.opened_at is not None:
            continue
        elif current and line.withheld_reason is None:
            _from_the_start(line, staff, now)
        if current and line.withheld_reason is None:
            anew = True
            if line.after_all_at is None:  # else it says nothing about the others
                meeting.circulated_at = None
    for line in _instead(session, mended, newest.id) if sends and not lines else ():
        # The stranger's copy went in their place: theirs goes now.
        session.add(_line(line, invitee, staff, now))
        if line.withheld_reason is None:
            anew, meeting.circulated_at = True, None
    session.flush()
    told = messages.tell_owners(session, meeting, sender, now)
    refresh_expiry(session, invitee, now)
    outbox.seen_to(session, staff.actor, failed, now)
    numbers = {one.id: one.number for one in versions}
    audit.record(
        session, staff.actor, "address corrected after sign-off", Subject("meeting", meeting.ref),
        now,
        {
            "invitee": invitee.id,
            "mailbox_theirs": order.theirs,
            "may_have_arrived": mended.arrived,
            "wrong_address": mended.wrong.id if mended.wrong else None,
            "versions_there": [numbers[one.version_id] for one in moved],
            "opened_there": [numbers[one.version_id] for one in moved if one.opened_at],
            "struck": list(mended.struck),
            "reported_there": list(mended.reported),
            "named_there": list(mended.colleagues),
            "sent_anew": anew,
            "letters": told,
        },
    )  # fmt: skip
    return Corrected(read, anew)


def _instead(session: Session, mended: Mended, version_id: int) -> list[Circulation]:
    """The line of this version of a colleague whom a stranger had named; none, or one."""
    lines = [line for one in mended.colleagues for line in queries.lines_to_change(session, one)]
    return [line for line in lines if line.version_id == version_id][-1:]


def _set_apart(line: Circulation, wrong: Invitee, letter: queries.Letter | None) -> None:
    """The line as it is, under whoever is behind the wrong address. Where a second letter was asked
    for, or came back, the one that went stands there."""
    line.invitee_id = wrong.id
    if letter is not None and line.withheld_reason is None:
        line.message_id, line.sent_at = letter.message_id, letter.at


def _line(before: Circulation, reader: Invitee, staff: StaffMember, now: datetime) -> Circulation:
    """A line for the right reader: nothing was sent to them yet, and by link and code alone. Who
    withheld a copy from them withheld it from them at any address."""
    return Circulation(
        version_id=before.version_id,
        invitee_id=reader.id,
        checked_by_id=staff.id if before.withheld_reason is None else before.checked_by_id,
        released_at=now if before.withheld_reason is None else before.released_at,
        withheld_reason=before.withheld_reason,
        after_all_at=before.after_all_at,
    )


def _from_the_start(line: Circulation, staff: StaffMember, now: datetime) -> None:
    """Nobody had this copy: it goes to the right address instead, by link and code."""
    line.checked_by_id, line.released_at, line.attached = staff.id, now, False
    line.sent_at = line.message_id = line.reminded_at = None
    line.reminders = 0
