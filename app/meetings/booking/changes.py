"""Changing and calling off a booking: one update of the same entry for each concerned (C7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.invitations.types import Change, LetterKind
from app.meetings import messages, rules
from app.meetings.answers import take_answer_off
from app.meetings.booking.concerned import (
    Held,
    asks_for_line,
    check_locked_out,
    freed,
    is_updated,
    new_time,
)
from app.meetings.booking.lines import free_line, new_pin, take_line, take_typed
from app.meetings.booking.people import add_chair, add_people, chair_of
from app.meetings.booking.service import held_meeting, set_format, set_time, tell_manager
from app.meetings.booking.slots import is_late
from app.meetings.booking.types import Chair, ChangeOrder, Removal
from app.meetings.calls.letters import read_unreached
from app.meetings.models import Invitee, Meeting
from app.meetings.papers.service import withdraw_all
from app.meetings.queries import invitee as invitee_of
from app.meetings.restricted.service import admit_chair
from app.meetings.types import Answer, MeetingState
from app.referrals.sender import Sender

NEW_CHAIR = "Somebody else chairs."


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to: letters by kind, for the words that the page shows."""

    updated: int
    invited: int
    cancelled: int
    to_telephone: tuple[str, ...]
    to_invite: tuple[str, ...] = ()  # whose colleague no longer comes


def change(
    session: Session,
    staff: StaffMember,
    ref: str,
    order: ChangeOrder,
    sender: Sender,
    now: datetime,
) -> Changed:
    """Change time, place, line, chair or people of a booked discussion (C7).

    Everyone who stays gets exactly one update of the same entry, and only where something that
    stands in it changed. Who is added gets an invitation, who is removed a cancellation alone;
    then a new PIN locks them out (C4). Adding people or moving the time never changes the PIN.
    Where a colleague who came instead is removed, whoever named them can be invited again.
    Raises Refused as `booking.service.book` does, for a removal without its reason, for one that
    leaves a typed dial-in as it is without saying why, and for a new chair who is invited already.
    """
    meeting = held_meeting(session, ref)
    rules.check_changeable(meeting.state)
    before = Held.of(meeting)
    was_late = is_late(meeting.starts_at or now, meeting.due_at)
    removed = [_removed(session, meeting, removal, now) for removal in order.removals]
    new_chair = order.chair_id is not None and order.chair_id != meeting.chair_id
    if new_chair and order.chair_id is not None:
        removed += _hand_over(meeting, order.chair_id, now)
    # Before anything moves: whoever is removed knows the old time alone, and learns no new one.
    kind = LetterKind.CANCELLATION
    cancelled = messages.send(session, kind, meeting, removed, sender, now)
    back = freed(removed, meeting.invitees)
    for one in back:
        # Their entry and link ended when the colleague was named: only a new one leads anywhere.
        take_answer_off(one)
        one.invitation_id = None
    said_why = _stays_late(meeting, order)
    _move(session, meeting, order, now)
    stay = [one for one in meeting.invitees if one.removed_at is None]
    added = []
    if new_chair and order.chair_id is not None:
        chair = chair_of(session, order.chair_id)
        _refuse_invited(stay, chair)
        stay = [one for one in stay if one.staff_id != chair.id]
        added.append(add_chair(session, meeting, chair, now))
    added += add_people(session, meeting, order.additions, now)
    if not any(one.removed_at is None and one.staff_id is None for one in meeting.invitees):
        raise Refused("people", "Nobody would be left beside the chair: cancel it instead")
    # By letter or by telephone, they know the PIN; one taken with another line is new already.
    if (order.new_pin or removed) and before.dial_in[1] == meeting.pin_id:
        new_pin(session, meeting, now)
    kept = _keep_typed(meeting, before, removed, order.dial_in_kept)
    changes = before.changes_to(Held.of(meeting))
    if Change.TIME in changes:
        for invitee in stay:
            invitee.answer = rules.after_move(invitee.answer)
    session.flush()
    concerned = [one for one in stay if one not in back and is_updated(one, changes)]
    for one in [*removed, *back, *concerned]:
        one.news_at = now
    updated = messages.send(session, LetterKind.UPDATE, meeting, concerned, sender, now, changes)
    invited = messages.send(session, LetterKind.INVITATION, meeting, added, sender, now)
    unreached = read_unreached(session, meeting)
    result = Changed(
        updated=updated,
        invited=invited,
        cancelled=cancelled,
        to_telephone=tuple(
            one.name for one in [*removed, *concerned, *added] if one.id in unreached
        ),
        to_invite=tuple(one.name for one in back),
    )
    start = meeting.starts_at or now
    # A reason stands for the time it was given for: what is later still is told again.
    if is_late(start, meeting.due_at) and (not was_late or start > (before.starts_at or start)):
        tell_manager(session, meeting, sender, now)
    if not (changes or removed or added or said_why):
        raise Refused("slot", "Nothing was changed: change the time, the place or the people")
    if new_chair:
        admit_chair(session, staff.actor, meeting, sender, now)
    record(
        session,
        staff.actor,
        "booking changed",
        Subject("meeting", meeting.ref),
        now,
        {
            "changed": [each.value for each in changes],
            "starts_at": meeting.starts_at.isoformat() if meeting.starts_at else None,
            "updated": updated,
            "added": [one.id for one in added],
            "removed": [one.id for one in removed],
            "asked_again": [one.id for one in back],
            "typed_dial_in_kept": kept,
            "said_why_late": said_why,
        },
    )
    return result


def cancel(
    session: Session,
    staff: StaffMember,
    ref: str,
    reason: str,
    sender: Sender,
    now: datetime,
) -> Meeting:
    """Call the whole discussion off: a cancellation to everybody, the line is free again, and what
    was sent as a form is open no longer (C7).

    Raises Refused without a reason, or once it has begun.
    """
    meeting = held_meeting(session, ref)
    rules.check_cancellable(meeting.state)
    if not reason:
        raise Refused("reason", "Say why it is cancelled: the reason stays with the case")
    queued = 0
    if meeting.state is MeetingState.BOOKED:
        there = [
            one
            for one in meeting.invitees
            if one.removed_at is None and one.answer is not Answer.DEPUTY
        ]
        for one in there:
            one.news_at = now
        kind, off = LetterKind.CANCELLATION, (Change.CALLED_OFF,)
        queued = messages.send(session, kind, meeting, there, sender, now, off)
        free_line(session, meeting)
    withdraw_all(session, meeting, now)
    meeting.state = MeetingState.CANCELLED
    meeting.cancelled_at, meeting.cancel_reason = now, reason
    record(
        session,
        staff.actor,
        "discussion cancelled",
        Subject("meeting", meeting.ref),
        now,
        {"letters": queued},
    )
    return meeting


def unanswered(meeting: Meeting) -> list[Invitee]:
    """Who was asked and has not answered, be it that no letter goes to them."""
    return [
        one
        for one in meeting.invitees
        if one.removed_at is None and one.answer is Answer.NONE and one.staff_id is None
    ]


def remind(session: Session, staff: StaffMember, ref: str, sender: Sender, now: datetime) -> int:
    """Remind everybody who has not answered; returns how many letters were queued (C1). Whoever
    gets no letters is to be telephoned.

    Raises Refused where everybody has answered.
    """
    meeting = held_meeting(session, ref)
    rules.check_changeable(meeting.state)
    waiting = unanswered(meeting)
    queued = messages.send(session, LetterKind.REMINDER, meeting, waiting, sender, now)
    if not queued:
        raise Refused("people", "Nobody who gets email still has to answer")
    record(
        session,
        staff.actor,
        "reminder sent",
        Subject("meeting", meeting.ref),
        now,
        {"letters": queued},
    )
    return queued


def _removed(session: Session, meeting: Meeting, removal: Removal, now: datetime) -> Invitee:
    invitee = invitee_of(session, meeting.id, removal.invitee_id)
    if invitee is None or invitee.removed_at is not None or invitee.answer is Answer.DEPUTY:
        raise Refused("people", "Somebody you removed is not on the list any more: load it again")
    if invitee.staff_id is not None and invitee.staff_id == meeting.chair_id:
        raise Refused("chair", "Choose another chair instead of removing the one there is")
    if not removal.reason:
        raise Refused("people", f"Say why {invitee.name} is removed")
    invitee.removed_at, invitee.removed_reason = now, removal.reason
    return invitee


def _keep_typed(
    meeting: Meeting, before: Held, removed: Sequence[Invitee], reason: str | None
) -> bool:
    """Whether somebody left who knows the typed dial-in that stays; the reason stays with them."""
    names = [one.name for one in removed]
    check_locked_out(names, before.dial_in[2], meeting.typed_dial_in, reason)
    if not removed or not meeting.typed_dial_in or meeting.typed_dial_in != before.dial_in[2]:
        return False
    for one in removed:
        one.dial_in_kept_reason = reason
    return True


def _hand_over(meeting: Meeting, chair_id: int, now: datetime) -> Sequence[Invitee]:
    """Take the chair there was off the list; another one follows."""
    before = [
        one
        for one in meeting.invitees
        if one.staff_id is not None and one.staff_id == meeting.chair_id and one.removed_at is None
    ]
    for one in before:
        one.removed_at, one.removed_reason = now, NEW_CHAIR
    meeting.chair_id = chair_id
    return before


def _refuse_invited(stay: Sequence[Invitee], chair: Chair) -> None:
    """Nobody stands on the list twice: two entries would come to one calendar, and one person
    would count for two agencies (C7). Whoever sent a colleague has no entry any more."""
    for one in stay:
        known = (one.email or "").lower() == chair.email.lower()
        if known and one.staff_id is None and one.answer is not Answer.DEPUTY:
            raise Refused(
                "chair",
                f"{one.name} is invited already with the address of {chair.name}: untick them in "
                "the list, say that they chair now, and they are invited once, as the chair",
            )


def _stays_late(meeting: Meeting, order: ChangeOrder) -> bool:
    """Note why a time stays that the deadline now lies before; whether that was new (B2, C7)."""
    reason, start = order.late_reason, meeting.starts_at
    if order.starts_at is not None or start is None or not is_late(start, meeting.due_at):
        return False
    if not reason or reason == meeting.late_reason:
        return False
    meeting.late_reason = reason
    return True


def _move(session: Session, meeting: Meeting, order: ChangeOrder, now: datetime) -> None:
    start, end = new_time(meeting, order)
    chair_id = order.chair_id or meeting.chair_id
    if chair_id is None:
        raise Refused("chair", "Choose who chairs")
    takes_line = asks_for_line(meeting, order)
    if order.starts_at is not None or order.minutes is not None or order.chair_id is not None:
        minutes = int((end - start).total_seconds() // 60)
        # The reason there is was given for the time there is: a later one needs its own.
        later = meeting.starts_at is not None and start > meeting.starts_at
        reason = order.late_reason or (None if later else meeting.late_reason)
        # Where it stays, the meeting waits for its people also once its minute has passed.
        if order.starts_at is not None:
            rules.check_start(start, now)
        session.get(Staff, chair_id, with_for_update=True)
        set_time(session, meeting, start, minutes, chair_id, reason)
    if order.format is not None:
        set_format(meeting, order.format, order.place)
    if order.dial_in is not None:
        take_typed(session, meeting, order.dial_in)
    elif takes_line:
        take_line(session, meeting, order.line_id, now)
