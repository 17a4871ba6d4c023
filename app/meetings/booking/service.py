"""Booking: one call takes the line, invites everybody and queues their letters (C1, C2, C4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.clock import words_for_moment, words_for_time
from app.core.refusal import Refused
from app.directory.queries import council
from app.invitations.link_letters import notice_letters
from app.invitations.types import Notice
from app.meetings import messages, rules
from app.meetings.booking.diary_queries import chaired_at
from app.meetings.booking.lines import take_line, take_typed
from app.meetings.booking.people import add_all, chair_of
from app.meetings.booking.slots import is_late
from app.meetings.booking.types import BookingOrder
from app.meetings.models import LeftOut, Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.restricted.service import admit_chair
from app.meetings.types import Format, MeetingState
from app.outbox import service as outbox
from app.referrals.sender import Sender, desk_of

SHORTEST, LONGEST = 15, 240  # minutes


class NoSuchMeeting(LookupError):
    """No discussion has this reference."""


def held_meeting(session: Session, ref: str) -> Meeting:
    """The discussion, locked for this change. Raises NoSuchMeeting."""
    meeting = meeting_for_change(session, ref)
    if meeting is None:
        raise NoSuchMeeting(ref)
    return meeting


def book(
    session: Session,
    staff: StaffMember,
    ref: str,
    order: BookingOrder,
    sender: Sender,
    now: datetime,
) -> Meeting:
    """Book a discussion that is needed: line, PIN, invitees, letters, all in this transaction.

    Raises Refused by the field of the page: a slot in the past, a taken line (naming who has it
    and the next slots), a chair who is elsewhere, an invitee without an address, a proposal left
    out without a reason, a time after the deadline without one. Sources: BROMLEY 1, 2; TIMING.
    """
    meeting = held_meeting(session, ref)
    rules.check_to_be_booked(meeting.state)
    chair = chair_of(session, order.chair_id)
    rules.check_start(order.starts_at, now)
    set_time(session, meeting, order.starts_at, order.minutes, chair.id, order.late_reason)
    set_format(meeting, order.format, order.place)
    session.add_all(_left_out(meeting, order, now))
    if not order.people:
        raise Refused("people", "Invite at least one person beside the chair")
    meeting.chair_id = chair.id
    meeting.state = MeetingState.BOOKED
    if order.dial_in is not None:
        take_typed(session, meeting, order.dial_in)
    else:
        take_line(session, meeting, order.line_id, now)
    session.flush()
    on_the_list, seats = add_all(session, meeting, chair, order.people, now)
    queued = messages.invite(session, meeting, seats, sender, now)
    admit_chair(session, staff.actor, meeting, sender, now)
    record(
        session,
        staff.actor,
        "discussion booked",
        Subject("meeting", meeting.ref),
        now,
        {
            "starts_at": order.starts_at.isoformat(),
            "minutes": order.minutes,
            "format": order.format.value,
            "invited": on_the_list,
            "letters": queued,
            "left_out": [leaving.rule_id for leaving in order.left_out],
            "after_deadline": is_late(order.starts_at, meeting.due_at),
        },
    )
    if is_late(order.starts_at, meeting.due_at):
        tell_manager(session, meeting, sender, now)
    return meeting


def tell_manager(session: Session, meeting: Meeting, sender: Sender, now: datetime) -> None:
    """Whoever decided that it is needed learns by mail that it comes after its deadline (C7)."""
    manager = session.get(Staff, meeting.need_decided_by_id)
    if manager is None or manager.ended_at is not None:
        manager = session.get(Staff, meeting.chair_id)
    if manager is None:
        return
    letters = notice_letters(
        Notice.BOOKED_LATE,
        desk_of(council(session), sender),
        meeting.ref,
        words_for_moment(meeting.due_at) if meeting.due_at else "",
        f"{sender.base_url}/discussions/{meeting.ref}",
        [(manager.name, manager.email)],
        now,
    )
    outbox.enqueue_all(session, letters, now)


def _left_out(meeting: Meeting, order: BookingOrder, now: datetime) -> list[LeftOut]:
    for leaving in order.left_out:
        if not leaving.reason:
            raise Refused("people", f"Say why {leaving.who} is not invited")
    return [
        LeftOut(meeting_id=meeting.id, rule_id=one.rule_id, who=one.who, reason=one.reason, at=now)
        for one in order.left_out
    ]


def set_time(
    session: Session,
    meeting: Meeting,
    start: datetime,
    minutes: int,
    chair_id: int,
    late_reason: str | None,
) -> None:
    """Give the discussion a time; `start` is aware, `minutes` its length. The caller has locked the
    chair, so that two bookings at once cannot both find them free, and has checked a time that is
    new: the one there is may have passed.

    Raises Refused for a strange length, a chair who chairs another discussion then, and a start
    after the deadline without a reason, which the manager sees (C7).
    """
    if not SHORTEST <= minutes <= LONGEST:
        raise Refused("minutes", f"Choose a length from {SHORTEST} to {LONGEST} minutes")
    end = start + timedelta(minutes=minutes)
    other = chaired_at(session, chair_id, start, end, but=meeting.id)
    if other is not None and other.starts_at is not None and other.ends_at is not None:
        raise Refused(
            "chair",
            f"{other.chair} chairs {other.ref} from {words_for_time(other.starts_at)} to "
            f"{words_for_time(other.ends_at)} then: choose another chair or another time",
        )
    if is_late(start, meeting.due_at):
        if not late_reason:
            raise Refused("late_reason", "This is after the deadline: say why it has to be")
        meeting.late_reason = late_reason
    else:
        meeting.late_reason = None
    meeting.starts_at, meeting.ends_at = start, end


def set_format(meeting: Meeting, format_: Format, place: str | None) -> None:
    """How and where. Raises Refused for a meeting face to face without a place (C3)."""
    if format_ is not Format.CALL and not place:
        raise Refused("place", "Enter where the meeting takes place")
    meeting.format = format_
    meeting.place = None if format_ is Format.CALL else place
