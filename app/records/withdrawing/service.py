"""Links that somebody was sent are withdrawn: one was forwarded, or a mailbox is not safe (D3).

A letter that has not left leads to a link that dies here, so it is withdrawn with them. Whoever
withdraws, or looks again later, sends a fresh link where the mailbox is safe. Until somebody does,
no letter brings that mailbox another link by itself.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.invitations import service as invitations
from app.invitations.rules import link_is_open
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.actions.queries import open_with_owners
from app.meetings.booking.again import Prospect, give_new_pin, prospect
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import invitee as invitee_of
from app.meetings.queries import meeting_for_change
from app.meetings.types import Answer, MeetingState
from app.records import queries as records
from app.records.address.queries import lines_of, lines_to_change
from app.records.circulation import limit_link
from app.records.recall.queries import is_recalled, owners_of_open_actions
from app.referrals.sender import Sender

NO_LINK = "No link of theirs is open: nothing is left to withdraw"
NO_NEW_PIN = "The PIN cannot be changed here any more: listen who is on the line"
NO_LETTER = "No letter is due to them now: come back here once one is"


class Fresh(enum.Enum):
    """Which letter brings somebody a fresh link now."""

    INVITATION = "invitation"
    RECORD = "record"
    ACTIONS = "actions"

    @property
    def words(self) -> str:
        return {
            "invitation": "the invitation again",
            "record": "the letter that leads to their copy of the record",
            "actions": "the letter about their actions",
        }[self.value]


class Withdrawn(NamedTuple):
    """What withdrawing came to."""

    links: int
    updated: int = 0  # who got a letter with a new PIN
    to_telephone: tuple[str, ...] = ()  # the PIN, by name


def known_dial_in(session: Session, meeting: Meeting, invitee: Invitee) -> Prospect | None:
    """What follows for the call from a letter that was read; None where it opens none (C4)."""
    if meeting.state not in (MeetingState.BOOKED, MeetingState.UNDER_WAY):
        return None
    ahead = prospect(session, meeting, invitee)
    return ahead if ahead.known else None


def fresh_letter(
    session: Session, meeting: Meeting, invitee: Invitee, now: datetime
) -> Fresh | None:
    """The letter that may bring this person a fresh link now; None where nothing waits for them
    behind one."""
    if not is_withdrawable(invitee) or invitee.removed_at is not None or invitee.has_left:
        return None
    if meeting.state in (MeetingState.BOOKED, MeetingState.UNDER_WAY):
        if invitee.invitation_id is None:
            return None  # whoever comes instead was removed: a new invitation is sent
        held = invitations.invitation(session, invitee.invitation_id)
        comes = invitee.answer is not Answer.DEPUTY and meeting.starts_at is not None
        is_open = link_is_open(now, revoked=held.revoked_at, expires=held.expires_at)
        return Fresh.INVITATION if comes and is_open else None
    if meeting.state is MeetingState.SIGNED and _has_copy(session, meeting, invitee):
        return Fresh.RECORD
    over = meeting.state in (MeetingState.ENDED, MeetingState.SIGNED)
    owes = invitee.staff_id is None and invitee.id in owners_of_open_actions(session, meeting.id)
    return Fresh.ACTIONS if over and owes else None


def is_withdrawable(invitee: Invitee) -> bool:
    """Whether they have an invitation, or had one whose links were withdrawn: a recall ends it."""
    return invitee.invitation_id is not None or invitee.links_withdrawn_at is not None


def withdraw_links(
    session: Session,
    staff: StaffMember,
    ref: str,
    invitee_id: int,
    sender: Sender,
    now: datetime,
    *,
    fresh: bool = False,
    new_pin: bool = False,
) -> Withdrawn:
    """End every link that this person was sent so far, and whoever is in by one, whatever the
    state of the discussion. The invitation stands.

    What waits to be sent to them is withdrawn, and nothing is queued by itself from now on. With
    `fresh` they get another link at the address there is: also where none is open any more.
    With `new_pin` whoever read a letter cannot dial in: everybody else gets an update.
    Raises Refused where there is nothing to do, or no other PIN (C4, D3).
    """
    meeting = meeting_for_change(session, ref)
    invitee = None if meeting is None else invitee_of(session, meeting.id, invitee_id)
    if meeting is None or invitee is None or not is_withdrawable(invitee):
        raise Refused("page", NO_LINK)
    letter = fresh_letter(session, meeting, invitee, now) if fresh else None
    if fresh and letter is None:
        raise Refused("page", NO_LETTER)
    ended = 0
    if invitee.invitation_id is not None:
        held = invitations.invitation(session, invitee.invitation_id)
        ended = invitations.withdraw_links(session, held, now)
    if not ended and letter is None:
        raise Refused("page", NO_LINK)
    messages.take_back(session, [invitee])
    invitee.links_withdrawn_at = now
    done = Withdrawn(ended)
    if new_pin:
        if meeting.state is not MeetingState.BOOKED:
            raise Refused("new_pin", NO_NEW_PIN)
        told = give_new_pin(session, meeting, invitee, sender, now)
        names = (name for name in told.to_telephone if letter is None or name != invitee.name)
        done = Withdrawn(ended, told.updated, tuple(names))
    if letter is not None:
        invitee.links_withdrawn_at = None
        _send(session, letter, meeting, invitee, sender, now)
    record(
        session, staff.actor, "links withdrawn" if ended else "fresh link sent",
        Subject("meeting", ref), now,
        {
            "invitee": invitee.id,
            "links": ended,
            "sent": letter.value if letter else None,
            **({"new_dial_in": True, "updated": done.updated} if new_pin else {}),
        },
    )  # fmt: skip
    return done


def _send(
    session: Session,
    letter: Fresh,
    meeting: Meeting,
    invitee: Invitee,
    sender: Sender,
    now: datetime,
) -> None:
    if letter is Fresh.INVITATION:
        messages.send(session, LetterKind.INVITATION, meeting, [invitee], sender, now)
    elif letter is Fresh.RECORD:
        newest = records.newest_version(session, meeting.id)
        for line in lines_to_change(session, invitee.id):
            if newest is not None and line.version_id == newest.id:
                line.sent_at = None  # the worker takes it from here
    else:
        messages.end_dead_invitation(session, invitee, now)
        messages.send_links(session, LetterKind.ACTIONS, meeting, [invitee], sender, now)
        limit_link(session, invitee, now)
        for action, owner in open_with_owners(session, meeting.id):
            if owner.id == invitee.id and action.told_at is None:
                action.told_at = now  # this letter tells it


def _has_copy(session: Session, meeting: Meeting, invitee: Invitee) -> bool:
    """Whether a copy of the newest version is theirs to read."""
    newest = records.newest_version(session, meeting.id)
    if newest is None or is_recalled(session, newest.id):
        return False
    lines = [one for one in lines_of(session, invitee.id) if one.version_id == newest.id]
    return any(one.withheld_reason is None for one in lines)
