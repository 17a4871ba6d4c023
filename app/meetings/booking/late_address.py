"""A wrong address that is noticed once the discussion has begun (D7, E3, F5).

Nobody is invited any more: the old link ends, nothing more goes there, and the right person is told
of what they are to do. What was done by the old link is not theirs: no disagreement, no report on
an action and no name from there stands in their name. What becomes of the copies of a signed record
is known above (`app/records/address`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.queries import last_in_detail
from app.audit.service import record
from app.audit.types import ActorKind, Subject
from app.core.refusal import Refused
from app.directory.rules import normal_email
from app.invitations import service as invitations
from app.invitations.models import GuestSession, Invitation
from app.meetings import messages
from app.meetings.actions.rules import REPORTED
from app.meetings.booking.again import check_address, has_arrived, move, set_apart
from app.meetings.booking.named_there import actions_of, named_there, take_off_list
from app.meetings.booking.types import Again
from app.meetings.discussion.models import Action, Dissent
from app.meetings.escalation import service as escalation
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, Answer, MeetingState
from app.referrals.sender import Sender

NOT_INVITED = "That person is not invited any more"
_FROM_THERE = "Reported from a wrong address"
_ACTIONS = (
    select(Action)
    .where(Action.owner_id == bindparam("owner_id"), Action.removed_at.is_(None))
    .order_by(Action.id)
)
_BY_LINK = (
    select(Dissent)
    .where(
        Dissent.invitee_id == bindparam("invitee_id"),
        Dissent.recorded_by_id.is_(None),
        Dissent.struck_at.is_(None),
    )
    .order_by(Dissent.id)
)
_NAMES = select(GuestSession.person_name).where(
    GuestSession.invitation_id == bindparam("invitation_id")
)


@dataclass(frozen=True, slots=True)
class FromThere:
    """What was done by the old link and stands in the right person's name so far."""

    dissents: tuple[Dissent, ...]
    reported: tuple[Action, ...]  # of which the last report came from there
    named: str  # who took part, as it was told there; "" where somebody else wrote it
    to_do: bool  # there is something of which the right person is told now
    colleagues: tuple[Invitee, ...] = ()  # who comes instead, as it was told there

    def in_record(self, signed_at: datetime | None) -> int:
        """How many of the disagreements stand in a record that was signed."""
        return sum(signed_at is not None and one.recorded_at <= signed_at for one in self.dissents)


class Mended(NamedTuple):
    """What giving somebody another address came to."""

    arrived: bool  # a letter may have been read at the one before
    wrong: Invitee | None  # whoever did, set apart
    struck: tuple[int, ...] = ()  # the disagreements that came from there
    reported: tuple[int, ...] = ()  # the actions whose last report did
    colleagues: tuple[int, ...] = ()  # who was named from there


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

    How they took part, and what staff wrote of it, stays: somebody in the discussion noted that.
    Raises Refused as `give_address` does.
    """
    named = named_there(session, meeting, invitee)
    if invitee.answer is Answer.DEPUTY and (order.theirs or not named):
        raise Refused("email", NOT_INVITED)
    mended = give_address(session, staff, meeting, invitee, order, now)
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
            "mailbox_theirs": order.theirs,
            "may_have_arrived": mended.arrived,
            "wrong_address": mended.wrong.id if mended.wrong else None,
            "struck": list(mended.struck),
            "reported_there": list(mended.reported),
            "named_there": list(mended.colleagues),
            "letters": told,
        },
    )
    return told


def done_there(session: Session, meeting: Meeting, invitee: Invitee) -> FromThere:
    """What was done by the link that there is, where a letter may have been read."""
    colleagues = named_there(session, meeting, invitee)
    mine = [
        *session.execute(_ACTIONS, {"owner_id": invitee.id}).scalars(),
        *actions_of(session, colleagues),
    ]
    reported: list[Action] = []
    dissents: list[Dissent] = []
    named = ""
    if invitee.invitation_id is not None:
        last = last_in_detail(session, Subject("meeting", meeting.ref), REPORTED, "action")
        strangers = [invitee, *colleagues]
        there = {(ActorKind.GUEST, one.invitation_id) for one in strangers if one.invitation_id}
        reported = [one for one in mine if last.get(one.id) in there]
        dissents = [
            dissent
            for one in strangers
            for dissent in session.execute(_BY_LINK, {"invitee_id": one.id}).scalars()
        ]
        names = session.execute(_NAMES, {"invitation_id": invitee.invitation_id}).scalars()
        if invitee.attended_name and invitee.attended_name in set(names):
            named = invitee.attended_name
    to_do = bool(reported) or any(one.state is ActionState.OPEN for one in mine)
    to_do = to_do and invitee.staff_id is None
    return FromThere(tuple(dissents), tuple(reported), named, to_do, tuple(colleagues))


def give_address(
    session: Session,
    staff: StaffMember,
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
    read there, or something was `opened` from there, whoever did is set apart: their disagreements
    are struck, what they reported of an action is open again, their name goes, and so does a
    colleague whom they named. A record that was
    signed keeps what it says, until it is corrected. Of a mailbox that is theirs, and only takes no
    mail, nothing is set apart, and its links stay. Raises Refused (fields `email`, `checked`) where
    there is no other address, and as `again.send_again` does.
    """
    if invitee.removed_at is not None:
        raise Refused("email", NOT_INVITED)
    address = normal_email(order.email, "email") if order.email else ""
    if not address:
        raise Refused("email", "Enter their right address")
    if address.lower() == (invitee.email or "").lower():
        raise Refused("email", "This is the address they have already: enter another")
    check_address(session, meeting, invitee, address, order)
    if order.theirs:
        move(session, invitee, address, now)
        return _mended(session, invitee, Mended(arrived=False, wrong=None))
    colleagues = named_there(session, meeting, invitee)
    arrived = opened or bool(colleagues) or has_arrived(session, invitee)
    done = done_there(session, meeting, invitee) if arrived else FromThere((), (), "", to_do=False)
    messages.take_back(session, [invitee])
    if invitee.invitation_id is not None:
        held = session.get_one(Invitation, invitee.invitation_id)
        invitations.revoke(session, held, now)
        invitee.email = invitee.email or held.email
    wrong = None
    if arrived:
        attended = invitee.attended_name, invitee.attended_role
        wrong = set_apart(session, meeting, invitee, now)
        if not done.named:
            invitee.attended_name, invitee.attended_role = attended
            wrong.attended_name = wrong.attended_role = None
        _take_off(session, staff, meeting, wrong, done, now)
        take_off_list(session, colleagues, invitee, wrong, now)
    invitee.email, invitee.invitation_id = address, None
    dissents, reported = (
        tuple(one.id for one in found) for found in (done.dissents, done.reported)
    )
    named = tuple(one.id for one in colleagues)
    return _mended(session, invitee, Mended(arrived, wrong, dissents, reported, named))


def _mended(session: Session, invitee: Invitee, mended: Mended) -> Mended:
    invitee.links_withdrawn_at = None  # another mailbox
    for action in session.execute(_ACTIONS, {"owner_id": invitee.id}).scalars():
        if action.state is ActionState.OPEN:
            action.told_at = None  # nobody who is to do it knows
    session.flush()
    return mended


def _take_off(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    wrong: Invitee,
    done: FromThere,
    now: datetime,
) -> None:
    """Nothing of what a stranger did counts, and nothing of it is lost."""
    reason = f"{wrong.email} was not their address"
    for dissent in done.dissents:
        dissent.invitee_id = wrong.id
        escalation.strike_of_stranger(session, staff.actor, meeting, dissent, reason, now)
    for action in done.reported:
        action.state, action.closed_at = ActionState.OPEN, None
        action.progress = f"{_FROM_THERE}: {action.progress}" if action.progress else _FROM_THERE
    session.flush()
