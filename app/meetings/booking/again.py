"""Sending one person's invitation again, also to an address that was mended (C4, D7).

A letter that went to a wrong address brought a stranger the link, the number and the PIN. Whatever
could be done with them from there ends in the same transaction in which the right person is
invited: the link, the PIN, and the answer that was given in their name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.directory.rules import normal_email
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.invitations.types import Change, LetterKind
from app.meetings import messages, rules
from app.meetings.answers import take_answer_off
from app.meetings.booking.addresses import doubts_about
from app.meetings.booking.concerned import Held, is_updated
from app.meetings.booking.could_come import known_addresses
from app.meetings.booking.lines import new_pin, take_typed, unused_pins
from app.meetings.booking.service import held_meeting
from app.meetings.booking.types import Again
from app.meetings.models import Delivery, Invitee, Meeting, Report
from app.meetings.queries import invitee as invitee_of
from app.meetings.received.models import ReceivedMail
from app.meetings.types import Answer, ReportVia
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.rules import may_have_arrived
from app.referrals.sender import Sender

LEFT_MEANWHILE = (
    "A letter to the old address left while you were typing: read again who gets what, then send"
)
_NOT_THEIRS = "Whatever came from there is not theirs."
_LETTERS = (
    select(OutboxMessage.id, OutboxMessage.state, OutboxMessage.tries)
    .join(Delivery, Delivery.message_id == OutboxMessage.id)
    .where(Delivery.invitee_id == bindparam("invitee_id"))
)
_MAIL = select(ReceivedMail.id, ReceivedMail.sender).where(
    ReceivedMail.invitee_id == bindparam("invitee_id")
)
_REPORTS = select(Report.id).where(
    Report.invitee_id == bindparam("invitee_id"), Report.via == ReportVia.LINK
)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What another address brings with it, for the page to say beforehand (C7)."""

    arrived: bool  # a letter may have been read at the address there is
    known: bool  # whoever read it knows how to dial in
    asks_dial_in: str  # what cannot change by itself: another is asked for, or a reason
    updated: tuple[str, ...]
    to_telephone: tuple[str, ...]
    asked_again: bool
    reports: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending again came to."""

    updated: int
    to_telephone: tuple[str, ...]


def prospect(session: Session, meeting: Meeting, invitee: Invitee) -> Prospect:
    """What happens where the address is mended, as it stands now."""
    arrived = has_arrived(session, invitee)
    known = arrived and _still_opens(meeting, invitee)
    others = _others(meeting, invitee) if known else []
    asked = {"invitee_id": invitee.id}
    return Prospect(
        arrived=arrived,
        known=known,
        asks_dial_in=_why_not_by_itself(session, meeting) if known else "",
        updated=tuple(one.name for one in others if one.gets_letters),
        to_telephone=tuple(one.name for one in others if not one.gets_letters),
        asked_again=arrived and invitee.answer is not Answer.NONE,
        reports=len(session.execute(_REPORTS, asked).all()) if arrived else 0,
    )


def send_again(
    session: Session,
    staff: StaffMember,
    ref: str,
    invitee_id: int,
    order: Again,
    sender: Sender,
    now: datetime,
) -> Sent:
    """Send one person's invitation again, to a mended address where one is given (D7).

    The same entry with the same SEQUENCE and a fresh link. A mended address means a new invitation.
    Where a letter may have been read at the wrong one, that gets a cancellation, its link ends,
    what was answered from there is taken off the right person, and everybody else gets an update
    with a new PIN (C4). A mailbox that is theirs, and only takes no mail, is another matter: the
    same invitation goes to the new address, and all else stays. Raises Refused where there is
    nobody to send it to, where the address looks like another and was not read back, where a typed
    dial-in neither changes nor stays for a reason, and where the page did not tell that others get
    a letter.
    """
    meeting = held_meeting(session, ref)
    rules.check_changeable(meeting.state)
    invitee = invitee_of(session, meeting.id, invitee_id)
    if invitee is None or invitee.removed_at is not None or invitee.answer is Answer.DEPUTY:
        raise Refused("email", "That person is not invited any more")
    address = normal_email(order.email, "email") if order.email else invitee.email
    if not address:
        raise Refused("email", "Enter an email address, or telephone them instead")
    mended = address.lower() != (invitee.email or "").lower()
    # What failed on the way to them is seen to by this; letters of a wrong address move with it.
    failed = [row.id for row in session.execute(_LETTERS, {"invitee_id": invitee.id})]
    sent = Sent(0, ())
    details: dict[str, object] = {}
    if mended:
        check_address(session, meeting, invitee, address, order)
        if order.theirs:
            move(session, invitee, address, now)
            details = {"mailbox_theirs": True}
        else:
            sent, details = _mend(session, meeting, invitee, address, order, sender, now)
    invitee.links_withdrawn_at = None
    messages.ensure_invitation(session, invitee, now)
    messages.send(session, LetterKind.INVITATION, meeting, [invitee], sender, now)
    outbox.seen_to(session, staff.actor, failed, now)
    record(
        session,
        staff.actor,
        "invitation sent again",
        Subject("meeting", meeting.ref),
        now,
        {"invitee": invitee.id, "address_corrected": mended, **details},
    )
    return sent


def give_new_pin(
    session: Session, meeting: Meeting, invitee: Invitee, sender: Sender, now: datetime
) -> Sent:
    """Another PIN where somebody else may know it by a letter to this person (C4). Everybody gets
    an update, but nobody whose links are withdrawn.

    Raises Refused (field `new_pin`) where the discussion has no line, or its list no other PIN.
    """
    if meeting.line_id is None or not unused_pins(session, meeting.line_id):
        raise Refused("new_pin", "There is no other PIN to give out: change the booking")
    before = Held.of(meeting)
    new_pin(session, meeting, now)
    changes = before.changes_to(Held.of(meeting))
    told = [invitee, *_others(meeting, invitee)]
    for one in told:
        one.news_at = now
    updated = messages.send(session, LetterKind.UPDATE, meeting, told, sender, now, changes)
    return Sent(updated, tuple(one.name for one in told if not one.gets_letters))


def check_address(
    session: Session, meeting: Meeting, invitee: Invitee, address: str, order: Again
) -> None:
    if any(
        (other.email or "").lower() == address and other.removed_at is None
        for other in meeting.invitees
    ):
        raise Refused("email", "Somebody else on the list has that address: each needs their own")
    secure = council(session).secure_domains
    known = known_addresses(session)
    doubts = doubts_about(invitee.name, invitee.agency_name, address, known, secure)
    if doubts.look_alike and not order.checked:
        raise Refused("checked", f"{doubts.look_alike} Then tick here, or mend it")


def move(session: Session, invitee: Invitee, address: str, now: datetime) -> None:
    """To another mailbox of the same person. What waits for the one that takes no mail is
    withdrawn: what it was to say is said at the new one."""
    messages.take_back(session, [invitee])
    if invitee.invitation_id is not None:
        held = session.get_one(Invitation, invitee.invitation_id)
        invitations.move(session, held, address)
    messages.end_dead_invitation(session, invitee, now)
    invitee.email = address
    session.flush()


def _mend(
    session: Session,
    meeting: Meeting,
    invitee: Invitee,
    address: str,
    order: Again,
    sender: Sender,
    now: datetime,
) -> tuple[Sent, dict[str, object]]:
    """The person under the new address; returns what others get, and what stands in the audit."""
    ahead = prospect(session, meeting, invitee)
    if not ahead.arrived:
        messages.take_back(session, [invitee])
        if invitee.invitation_id is not None:
            held = session.get_one(Invitation, invitee.invitation_id)
            invitations.revoke(session, held, now)
        invitee.email, invitee.invitation_id = address, None
        session.flush()
        return Sent(0, ()), {"may_have_arrived": False}
    if ahead.known and not order.told:
        raise Refused("email", LEFT_MEANWHILE)
    wrong = set_apart(session, meeting, invitee, now)
    # Before the PIN changes: whoever is there learns no new one.
    messages.send(session, LetterKind.CANCELLATION, meeting, [wrong], sender, now)
    invitee.email = address
    before = Held.of(meeting)
    if ahead.known:
        wrong.dial_in_kept_reason = _lock_out(session, meeting, wrong, ahead, order, now)
    changes = before.changes_to(Held.of(meeting))
    others = [one for one in _others(meeting, invitee) if is_updated(one, changes)]
    for one in [invitee, *others] if changes else ():
        one.news_at = now
    updated = messages.send(session, LetterKind.UPDATE, meeting, others, sender, now, changes)
    by_telephone = tuple(one.name for one in others if not one.gets_letters)
    return Sent(updated, by_telephone), {
        "may_have_arrived": True,
        "wrong_address": wrong.id,
        "new_dial_in": Change.DIAL_IN in changes,
        "typed_dial_in_kept": wrong.dial_in_kept_reason is not None,
        "updated": updated,
    }


def set_apart(session: Session, meeting: Meeting, invitee: Invitee, now: datetime) -> Invitee:
    """Whoever read the wrong mailbox, as a row of its own that is removed: the invitation, the
    answer, the reports and the mail that came from there, and the letters that went there. Nothing
    of it stands in the right person's name any more, and nothing is lost."""
    old = (invitee.email or "").lower()
    held, invitee.invitation_id = invitee.invitation_id, None
    wrong = Invitee(
        meeting_id=meeting.id,
        name=invitee.name,
        title=invitee.title,
        role=invitee.role,
        agency_name=invitee.agency_name,
        agency_kind=invitee.agency_kind,
        email=invitee.email,
        is_team=invitee.is_team,
        decision_maker=False,
        why=invitee.why,
        invited_at=invitee.invited_at,
        joined=invitee.joined,
        removed_at=now,
        removed_reason=f"{invitee.email} was not their address. {_NOT_THEIRS}",
        wrong_address=True,
        answer=invitee.answer,
        answered_at=invitee.answered_at,
        answer_note=invitee.answer_note,
        earlier_answer=invitee.earlier_answer,
        earlier_answer_at=invitee.earlier_answer_at,
        attended_name=invitee.attended_name,
        attended_role=invitee.attended_role,
    )
    take_answer_off(invitee)
    invitee.attended_name = invitee.attended_role = None
    session.flush()  # an invitation is one invitee's alone
    wrong.invitation_id = held
    meeting.invitees.append(wrong)
    session.flush()
    moved = {"invitee_id": wrong.id}
    session.execute(update(Delivery).where(Delivery.invitee_id == invitee.id).values(moved))
    session.execute(
        update(Report)
        .where(Report.invitee_id == invitee.id, Report.via == ReportVia.LINK)
        .values(moved)
    )
    came = session.execute(_MAIL, {"invitee_id": invitee.id})
    from_there = [row.id for row in came if (row.sender or "").lower() == old]
    session.execute(update(ReceivedMail).where(ReceivedMail.id.in_(from_there)).values(moved))
    return wrong


def _lock_out(
    session: Session,
    meeting: Meeting,
    wrong: Invitee,
    ahead: Prospect,
    order: Again,
    now: datetime,
) -> str | None:
    """Another PIN or dial-in; returns the reason where the one that they know stays (C4)."""
    if order.dial_in is not None:
        take_typed(session, meeting, order.dial_in)
        if meeting.typed_dial_in != ahead.asks_dial_in:
            return None
    elif not ahead.asks_dial_in:
        new_pin(session, meeting, now)
        return None
    if not order.dial_in_kept:
        raise Refused(
            "dial_in",
            f"Whoever reads {wrong.email} knows {ahead.asks_dial_in}: type another dial-in, or say "
            "why this one stays",
        )
    return order.dial_in_kept


def has_arrived(session: Session, invitee: Invitee) -> bool:
    letters = session.execute(_LETTERS, {"invitee_id": invitee.id})
    return any(may_have_arrived(row.state, row.tries) for row in letters)


def _still_opens(meeting: Meeting, invitee: Invitee) -> bool:
    """Whether what the letter told opens the call: a line's PIN changed when the colleague whom
    they had named was removed, a typed dial-in may have stayed."""
    if meeting.line_id is None:
        return bool(meeting.typed_dial_in)
    return invitee.invitation_id is not None


def _why_not_by_itself(session: Session, meeting: Meeting) -> str:
    """A dial-in that has no other PIN to change to, in words; empty where a PIN is at hand."""
    if meeting.line_id is None:
        return meeting.typed_dial_in or ""
    return "" if unused_pins(session, meeting.line_id) else "the PIN, and the line has no other"


def _others(meeting: Meeting, invitee: Invitee) -> Sequence[Invitee]:
    """Everybody else who would be told: not those for whom a colleague comes."""
    return [
        one
        for one in meeting.invitees
        if one.id != invitee.id and one.removed_at is None and is_updated(one, (Change.DIAL_IN,))
    ]
