"""A wrong address that is noticed once the discussion has begun (D7, E3, F5).

Nobody is invited any more: the old link ends, nothing more goes there, and the right person is told
of what they are to do. Once a record was signed, copies of it went to the addresses there were.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.directory.rules import normal_email
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.meetings import messages
from app.meetings.booking.again import check_address, has_arrived, set_apart
from app.meetings.booking.types import Again
from app.meetings.models import Action, Invitee, Meeting
from app.meetings.types import ActionState, Answer, MeetingState
from app.referrals.sender import Sender

_OPEN = select(Action).where(
    Action.owner_id == bindparam("owner_id"),
    Action.removed_at.is_(None),
    Action.state == ActionState.OPEN,
)


def mend_late(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    invitee: Invitee,
    order: Again,
    sender: Sender,
    now: datetime,
) -> int:
    """Give the right address to somebody of a discussion that has begun; returns how many letters
    go there now. The discussion is locked.

    The old link ends and what waits for the old address is withdrawn. Where a letter may have been
    read there, whoever did is set apart. How they took part, and what was written of it, stays:
    somebody in the discussion noted that. Raises Refused (fields `email`, `checked`) where there
    is no other address, and as `again.send_again` does.
    """
    if invitee.removed_at is not None or invitee.answer is Answer.DEPUTY:
        raise Refused("email", "That person is not invited any more")
    address = normal_email(order.email, "email") if order.email else ""
    if not address or address.lower() == (invitee.email or "").lower():
        raise Refused("email", "It has begun: only another address can be entered now")
    check_address(session, meeting, invitee, address, order)
    arrived = has_arrived(session, invitee)
    messages.take_back(session, [invitee])
    if invitee.invitation_id is not None:
        held = session.get_one(Invitation, invitee.invitation_id)
        invitations.revoke(session, held, now)
    wrong = None
    if arrived:
        named = invitee.attended_name, invitee.attended_role
        wrong = set_apart(session, meeting, invitee, now)
        invitee.attended_name, invitee.attended_role = named
    invitee.email, invitee.invitation_id = address, None
    for action in session.execute(_OPEN, {"owner_id": invitee.id}).scalars():
        action.told_at = None  # nobody who is to do it knows
    session.flush()
    over = meeting.state is MeetingState.ENDED
    told = messages.tell_owners(session, meeting, sender, now) if over else 0
    record(
        session,
        staff.actor,
        "address corrected after the start",
        Subject("meeting", meeting.ref),
        now,
        {
            "invitee": invitee.id,
            "may_have_arrived": arrived,
            "wrong_address": wrong.id if wrong else None,
            "letters": told,
        },
    )
    return told
