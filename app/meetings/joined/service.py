"""A child who joined the referral is taken into its discussion (A2, C11, E2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.invitations.types import Change, LetterKind
from app.meetings import messages
from app.meetings.booking.concerned import is_updated
from app.meetings.joined.queries import Joined, joined_since, unspoken, waiting_to_change
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState
from app.referrals.of_meetings import TakesIn
from app.referrals.sender import Sender

NOTHING_TO_SETTLE = "A discussion speaks of every child of the referral, or somebody has settled it"
NOTHING_TO_ADD = "Every child of the referral is in this discussion already, or it is over"


def waiting(session: Session, referral_id: int) -> TakesIn:
    """Lock the discussions of a referral that wait to be booked, before the audit is written;
    what comes back takes the referral's children in. Nobody was told yet whom they are about."""
    found = waiting_to_change(session, referral_id)

    def act(actor: Actor, now: datetime) -> None:
        for meeting in found:
            take_in(session, actor, meeting, now)

    return act


def take_in(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """Whoever joined the referral since is spoken of as well, before anybody is asked to come."""
    children = joined_since(session, meeting)
    if children:
        _append(session, meeting, children)
        _audit(session, actor, meeting, children, now, letters=0)


def add(
    session: Session, actor: Actor, meeting: Meeting, sender: Sender, now: datetime
) -> list[str]:
    """Take the children who joined the referral into a discussion that was decided before; the
    caller has locked it. Answers their names.

    Where people are invited, each gets one update, which names nobody: what to look up stands
    behind their link, and there the child does (D2). While it is under way those who talk know.
    Raises Refused where there is nobody to add.
    """
    children = joined_since(session, meeting)
    if not children:
        raise Refused("page", NOTHING_TO_ADD)
    _append(session, meeting, children)
    letters = 0
    if meeting.state is MeetingState.BOOKED:
        changes = (Change.CHILDREN,)
        told = [
            one for one in meeting.invitees if one.removed_at is None and is_updated(one, changes)
        ]
        for one in told:
            one.news_at = now
        letters = messages.send(session, LetterKind.UPDATE, meeting, told, sender, now, changes)
    _audit(session, actor, meeting, children, now, letters)
    return [one.name for one in children]


def none_needed(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    chosen: Collection[int],
    reason: str,
    now: datetime,
) -> list[str]:
    """No discussion is needed for these children, by number, who joined the referral and are in
    none of its discussions; the caller has locked the last of them. Whoever joined beside them is
    still to be spoken of. Answers their names. Raises Refused (fields `children`, `reason`, `page`)
    where nobody is left or chosen, for somebody who is settled already, and without a reason."""
    waiting = unspoken(session, [meeting.id]).get(meeting.id, [])
    if not waiting:
        raise Refused("page", NOTHING_TO_SETTLE)
    if not chosen:
        raise Refused("children", "Choose for whom no discussion is needed")
    children = [one for one in waiting if one.row.child_id in chosen]
    if len(children) < len(set(chosen)):
        raise Refused("children", "Somebody settled one of them meanwhile: look again who is left")
    if not reason:
        raise Refused("reason", "Say why no discussion is needed")
    for one in children:
        one.row.settled_at, one.row.settled_reason = now, reason
    session.flush()
    record(
        session, actor, "no discussion needed for who joined", Subject("meeting", meeting.ref), now,
        {"children": [one.ref for one in children]},
    )  # fmt: skip
    return [one.name for one in children]


def _append(session: Session, meeting: Meeting, children: list[Joined]) -> None:
    place = max((one.position for one in meeting.children), default=-1) + 1
    meeting.children += [
        MeetingChild(child_id=one.id, position=position)
        for position, one in enumerate(children, start=place)
    ]
    session.flush()


def _audit(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    children: list[Joined],
    now: datetime,
    letters: int,
) -> None:
    record(
        session, actor, "children taken into the discussion", Subject("meeting", meeting.ref), now,
        {"children": [one.ref for one in children], "letters": letters},
    )  # fmt: skip
