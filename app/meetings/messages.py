"""The bridge from a discussion to its letters: who gets which, with a row for each (D1, D2, D7).

Letters are built once for everybody and queued in the caller's transaction; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from app.core.database import table
from app.core.mail import FinishedMessage
from app.directory.queries import council
from app.invitations import letters as letters_of
from app.invitations import service as invitations
from app.invitations.link_letters import link_letters
from app.invitations.models import Invitation
from app.invitations.rules import link_is_open
from app.invitations.types import Addressee, Change, Invited, LetterKind
from app.meetings.appointment import PARTSTATS, appointment_of, location_told
from app.meetings.discussion.models import Action
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.queries import place_of
from app.meetings.types import ActionState, MessageKind
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.sender import Sender, desk_of

_DELIVERED = insert(table(Delivery))
# Whatever an invitee is told of their actions stands under one name in the list of deliveries, and
# so does what they are told of the record.
_KINDS = {
    LetterKind.RECORD_REMINDER: MessageKind.RECORD,
    LetterKind.RECORD_RECALLED: MessageKind.RECORD,
    LetterKind.ACTIONS_SOON: MessageKind.ACTIONS,
    LetterKind.ACTIONS_LATE: MessageKind.ACTIONS,
    LetterKind.ACTIONS_HANDED: MessageKind.ACTIONS,
}
_TELLS = frozenset({MessageKind.INVITATION, MessageKind.UPDATE})
_ASKS = _TELLS | {MessageKind.REMINDER}
# One that waits may be that of an address which took the letter before it was mended: it must go.
_ALL_BUT_CANCELLATIONS = frozenset(MessageKind) - {MessageKind.CANCELLATION}
# Which earlier letters must not arrive behind one of this kind. A reminder says less than an
# invitation, and whoever asked for a code waits for it.
_OVERTAKES = {
    LetterKind.INVITATION: _ASKS,
    LetterKind.UPDATE: _ASKS,
    LetterKind.CANCELLATION: _ALL_BUT_CANCELLATIONS,
    LetterKind.REMINDER: frozenset({MessageKind.REMINDER}),
}
_WAITING = (
    select(Delivery.invitee_id, Delivery.message_id, Delivery.kind)
    .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
    .where(
        Delivery.invitee_id.in_(bindparam("invitees", expanding=True)),
        Delivery.kind.in_(bindparam("kinds", expanding=True)),
        OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING)),
    )
)

_UNTOLD = (
    select(Action, Invitee)
    .join(Invitee, Invitee.id == Action.owner_id)
    .where(
        Action.meeting_id == bindparam("meeting_id"),
        Action.told_at.is_(None),
        Action.removed_at.is_(None),
        Action.state == ActionState.OPEN,
        Invitee.removed_at.is_(None),
    )
    .order_by(Action.id)
)


def send(
    session: Session,
    kind: LetterKind,
    meeting: Meeting,
    invitees: Iterable[Invitee],
    sender: Sender,
    now: datetime,
    changed: Collection[Change] = (),
) -> int:
    """Queue one letter for each invitee who has an invitation; returns how many (D1, D2, C7).

    INVITATION and REMINDER keep the SEQUENCE, UPDATE counts it up, CANCELLATION counts it up and
    ends the link. Earlier letters that have not left by then stay here, because each person shall
    get one that is right: an update then tells no single change, since what the withdrawn one was
    to tell is new to its reader too. Invitees without an invitation are those to be telephoned:
    they get nothing, nor does a colleague who has left. Whose links were withdrawn gets the
    cancellation alone, which carries none (D3).
    """
    with_invitation = [one for one in invitees if one.invitation_id is not None]
    if not with_invitation:
        return 0
    uninformed = take_back(session, with_invitation, _OVERTAKES[kind])
    held = _invitations(session, with_invitation)
    numbers = [_sequence(session, kind, held[one.id], changed, now) for one in with_invitation]
    ending = kind is LetterKind.CANCELLATION
    # The link of a colleague who has left ends with the others; the letter goes to nobody. Whose
    # links were withdrawn has the SEQUENCE of everybody when they are written to again.
    here = [
        (one, number)
        for one, number in zip(with_invitation, numbers, strict=True)
        if not one.has_left and (ending or one.links_withdrawn_at is None)
    ]
    with_invitation, numbers = [one for one, _ in here], [number for _, number in here]
    held = {one.id: held[one.id] for one in with_invitation}
    ids = [one.id for one in held.values()]
    told = list(zip(ids, numbers, strict=True))
    links = [""] * len(held) if ending else _links(session, told, sender, now)
    addressed = [
        (one, _addressee(one, held[one.id], meeting, number, link))
        for one, number, link in zip(with_invitation, numbers, links, strict=True)
    ]
    queued = 0
    news = frozenset(changed)
    for what, group in (
        (news, [pair for pair in addressed if pair[0].id not in uninformed]),
        (news & {Change.CALLED_OFF}, [pair for pair in addressed if pair[0].id in uninformed]),
    ):
        readers, addressees = [one.id for one, _to in group], [to for _one, to in group]
        queued += _send(session, kind, meeting, readers, addressees, sender, now, what)
    return queued


class Seat(NamedTuple):
    """Somebody who was just put on the list, with their new invitation."""

    invitee_id: int
    invitation: Invited
    chairs: bool


def invite(
    session: Session, meeting: Meeting, seats: Sequence[Seat], sender: Sender, now: datetime
) -> int:
    """Queue the first invitation of everybody who was just put on the list; returns how many.

    What was written a moment ago is not read again.
    """
    links = _links(session, [(seat.invitation.id, 0) for seat in seats], sender, now)
    addressees = [
        Addressee(
            uid=seat.invitation.uid,
            sequence=0,
            name=seat.invitation.name,
            email=seat.invitation.email,
            link=link,
            is_team=seat.invitation.is_team,
            chairs=seat.chairs,
        )
        for seat, link in zip(seats, links, strict=True)
    ]
    readers = [seat.invitee_id for seat in seats]
    return _send(session, LetterKind.INVITATION, meeting, readers, addressees, sender, now)


def _send(
    session: Session,
    kind: LetterKind,
    meeting: Meeting,
    readers: Sequence[int],
    addressees: Sequence[Addressee],
    sender: Sender,
    now: datetime,
    changed: Collection[Change] = (),
) -> int:
    if not addressees:
        return 0
    finished = letters_of.letters(
        kind,
        desk_of(council(session), sender),
        appointment_of(
            meeting,
            place_of(session, meeting),
            location_told(session, meeting.id, meeting.format, meeting.place),
        ),
        addressees,
        now,
        changed,
    )
    said = MessageKind(kind.value)
    _queue(session, said, readers, finished, now, _serves_until(said, meeting, now))
    return len(finished)


def _serves_until(kind: MessageKind, meeting: Meeting, now: datetime) -> datetime | None:
    """A letter that asks somebody to come is given up when the meeting begins: whoever missed it
    is telephoned. One that is written after that is for somebody who still comes."""
    start = meeting.starts_at
    return start if start is not None and now < start and kind in _ASKS else None


def take_back(
    session: Session,
    invitees: Iterable[Invitee],
    kinds: Collection[MessageKind] = _ALL_BUT_CANCELLATIONS,
) -> set[int]:
    """Withdraw what has not left yet: a letter with a PIN must not follow somebody who is no
    longer invited, nor go to an address that was wrong, nor arrive behind the one that came after
    it (C4, C7). Returns who had an invitation or update withdrawn, by number."""
    asked = {"invitees": [one.id for one in invitees], "kinds": list(kinds)}
    rows = session.execute(_WAITING, asked).all()
    outbox.withdraw(session, [row.message_id for row in rows])
    return {row.invitee_id for row in rows if row.kind in _TELLS}


def unaware(session: Session, invitees: Iterable[Invitee]) -> set[int]:
    """Whose invitation or last update has not left: they do not know yet what it says."""
    asked = {"invitees": [one.id for one in invitees], "kinds": list(_TELLS)}
    return {row.invitee_id for row in session.execute(_WAITING, asked)}


def send_links(
    session: Session,
    kind: LetterKind,
    meeting: Meeting,
    invitees: Iterable[Invitee],
    sender: Sender,
    now: datetime,
    enclosed: bytes | None = None,
) -> int:
    """Queue a letter that is only a link, about the record or of ACTIONS; returns how many.

    An invitee of a discussion that was started at once has no invitation yet: one is made where
    there is an address. A colleague who has left gets nothing, nor does anybody whose links were
    withdrawn. `enclosed` is a PDF that travels
    with it, for the secure list alone (F5).
    """
    readers = [
        one
        for one in invitees
        if not one.has_left
        and one.links_withdrawn_at is None
        and ensure_invitation(session, one, now) is not None
    ]
    if not readers:
        return 0
    held = _invitations(session, readers)
    tells = [(one.id, one.sequence) for one in held.values()]
    links = _links(session, tells, sender, now)
    finished = link_letters(
        kind,
        desk_of(council(session), sender),
        meeting.ref,
        [
            (invitation.name, invitation.email, link)
            for invitation, link in zip(held.values(), links, strict=True)
        ],
        now,
        enclosed=enclosed,
    )
    told = _KINDS.get(kind) or MessageKind(kind.value)
    _queue(session, told, [one.id for one in readers], finished, now)
    return len(finished)


def tell_owners(session: Session, meeting: Meeting, sender: Sender, now: datetime) -> int:
    """Once the meeting has ended each owner of an action who does not know of it yet is told where
    to see it (E3): when it ends, and of what is added or changed after that.

    Returns how many letters were queued. Staff see their actions on their own pages.
    """
    untold = session.execute(_UNTOLD, {"meeting_id": meeting.id}).all()
    owners = {owner.id: owner for _, owner in untold}
    invited = [one for _, one in sorted(owners.items()) if one.staff_id is None]
    for one in invited:
        end_dead_invitation(session, one, now)
    for action, _ in untold:
        action.told_at = now
    session.flush()
    return send_links(session, LetterKind.ACTIONS, meeting, invited, sender, now)


def ensure_invitation(session: Session, invitee: Invitee, now: datetime) -> Invitation | None:
    """The invitee's invitation, made now where there is an address and none yet, else None."""
    if invitee.invitation_id is not None:
        return session.get(Invitation, invitee.invitation_id)
    if not invitee.email:
        return None
    invitation = invitations.invite(session, invitee.name, invitee.email, invitee.is_team, now)
    invitee.invitation_id = invitation.id
    session.flush()
    return invitation


def end_dead_invitation(session: Session, invitee: Invitee, now: datetime) -> None:
    """Let go of an invitation whose link no longer opens, so that a new one is made.

    A correction may come after the old link's end, and somebody who had sent a deputy may have
    taken part after all. Links that are dead stay dead.
    """
    if invitee.invitation_id is None:
        return
    held = session.get_one(Invitation, invitee.invitation_id)
    if not link_is_open(now, revoked=held.revoked_at, expires=held.expires_at):
        invitee.invitation_id = None
        session.flush()


def _sequence(
    session: Session,
    kind: LetterKind,
    invitation: Invitation,
    changed: Collection[Change],
    now: datetime,
) -> int:
    if kind is LetterKind.CANCELLATION:
        return invitations.cancel(session, invitation, now)
    if kind is LetterKind.UPDATE:
        return invitations.next_sequence(session, invitation, moved=Change.TIME in changed)
    return invitation.sequence


def _addressee(
    invitee: Invitee, invitation: Invitation, meeting: Meeting, sequence: int, link: str
) -> Addressee:
    return Addressee(
        uid=invitation.uid,
        sequence=sequence,
        name=invitation.name,
        email=invitation.email,
        link=link,
        partstat=PARTSTATS[invitee.answer],
        is_team=invitation.is_team,
        chairs=invitee.staff_id is not None and invitee.staff_id == meeting.chair_id,
    )


def _links(
    session: Session, told: Sequence[tuple[int, int]], sender: Sender, now: datetime
) -> list[str]:
    tokens = invitations.new_links(session, told, now)
    return [f"{sender.base_url}/i/{token}" for token in tokens]


def _invitations(session: Session, invitees: Sequence[Invitee]) -> dict[int, Invitation]:
    """The invitation of each, in their order."""
    rows = {
        row.id: row
        for row in session.execute(
            select(Invitation).where(Invitation.id.in_([one.invitation_id for one in invitees]))
        ).scalars()
    }
    return {one.id: rows[one.invitation_id] for one in invitees if one.invitation_id is not None}


def _queue(
    session: Session,
    kind: MessageKind,
    invitee_ids: Sequence[int],
    finished: Sequence[FinishedMessage],
    now: datetime,
    useless_from: datetime | None = None,
) -> None:
    queued = outbox.enqueue_all(session, finished, now, useless_from)
    session.execute(
        _DELIVERED,
        [
            {"invitee_id": invitee, "message_id": message, "kind": kind, "at": now}
            for invitee, message in zip(invitee_ids, queued, strict=True)
        ],
    )
