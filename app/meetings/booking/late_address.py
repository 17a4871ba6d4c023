"""A wrong address that is noticed once the discussion has begun (D7, E3, F5).

Nobody is invited any more: the old link ends, nothing more goes there, and the right person is told
of what they are to do. What becomes of the copies of a signed record is known above
(`app/records/address`).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

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

NOT_INVITED = "That person is not invited any more"
_OPEN = select(Action).where(
    Action.owner_id == bindparam("owner_id"),
    Action.removed_at.is_(None),
    Action.state == ActionState.OPEN,
)


class Mended(NamedTuple):
    """What giving somebody another address came to."""

    arrived: bool  # a letter may have been read at the one before
    wrong: Invitee | None  # whoever did, set apart


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

    How they took part, and what was written of it, stays: somebody in the discussion noted that.
    Raises Refused as `give_address` does.
    """
    if invitee.answer is Answer.DEPUTY:
        raise Refused("email", NOT_INVITED)
    mended = give_address(session, meeting, invitee, order, now)
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
            "may_have_arrived": mended.arrived,
            "wrong_address": mended.wrong.id if mended.wrong else None,
            "letters": told,
        },
    )
    return told


def give_address(
    session: Session,
    meeting: Meeting,
    invitee: Invitee,
    order: Again,
    now: datetime,
    *,
    opened: bool = False,
) -> Mended:
    """The address of somebody who is not invited any more but told: of their actions, of the
    record. The caller tells them, and writes the audit row.

    The old link ends and what waits for the old address is withdrawn. Where a letter may have been
    read there, or something was `opened` from there, whoever did is set apart. Raises Refused
    (fields `email`, `checked`) where there is no other address, and as `again.send_again` does.
    """
    if invitee.removed_at is not None:
        raise Refused("email", NOT_INVITED)
    address = normal_email(order.email, "email") if order.email else ""
    if not address or address.lower() == (invitee.email or "").lower():
        raise Refused("email", "It has begun: only another address can be entered now")
    check_address(session, meeting, invitee, address, order)
    arrived = opened or has_arrived(session, invitee)
    messages.take_back(session, [invitee])
    if invitee.invitation_id is not None:
        held = session.get_one(Invitation, invitee.invitation_id)
        invitations.revoke(session, held, now)
        invitee.email = invitee.email or held.email
    wrong = None
    if arrived:
        named = invitee.attended_name, invitee.attended_role
        wrong = set_apart(session, meeting, invitee, now)
        invitee.attended_name, invitee.attended_role = named
    invitee.email, invitee.invitation_id = address, None
    for action in session.execute(_OPEN, {"owner_id": invitee.id}).scalars():
        action.told_at = None  # nobody who is to do it knows
    session.flush()
    return Mended(arrived, wrong)
