"""The colleague whom a stranger named by a link that went to a wrong address (D4, D7).

They are nobody's colleague: they come off the list with the link by which they were named, and what
they took on in the discussion is the right person's. Whom they named in their turn goes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.audit.queries import last_in_detail
from app.audit.types import ActorKind, Subject
from app.invitations import service as invitations
from app.meetings import messages
from app.meetings.answers import COLLEAGUE_NAMED, deputy_of
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer

_ACTIONS = (
    select(Action)
    .where(
        Action.owner_id.in_(bindparam("owners", expanding=True)),
        Action.removed_at.is_(None),
    )
    .order_by(Action.id)
)


def named_there(session: Session, meeting: Meeting, invitee: Invitee) -> list[Invitee]:
    """Who comes instead of this invitee, named by their link, and whoever comes instead of that
    one; nobody where staff named the colleague."""
    if invitee.answer is not Answer.DEPUTY:
        return []
    first = deputy_of(session, invitee)
    subject = Subject("meeting", meeting.ref)
    named = last_in_detail(session, subject, COLLEAGUE_NAMED, "deputy")
    if first is None or named.get(first.id, (None, None))[0] is not ActorKind.GUEST:
        return []
    found = [first]
    while (after := deputy_of(session, found[-1])) is not None and after not in found:
        found.append(after)
    return found


def actions_of(session: Session, colleagues: Sequence[Invitee]) -> list[Action]:
    """What they took on and was not struck out."""
    owners = [one.id for one in colleagues]
    return list(session.execute(_ACTIONS, {"owners": owners}).scalars()) if owners else []


def take_off_list(
    session: Session,
    colleagues: Sequence[Invitee],
    invitee: Invitee,
    wrong: Invitee,
    now: datetime,
) -> None:
    """Remove them as who reads a wrong mailbox: `wrong` is whoever named them, set apart. Their
    links end, what waits for them is withdrawn, and their actions are the `invitee`'s."""
    messages.take_back(session, colleagues)
    for action in actions_of(session, colleagues):
        action.owner_id = invitee.id
    for one in colleagues:
        if one.invitation_id is not None:
            held = invitations.invitation(session, one.invitation_id)
            invitations.revoke(session, held, now)
        if one.deputy_for_id == invitee.id:
            one.deputy_for_id = wrong.id
        one.removed_at, one.wrong_address = now, True
        one.removed_reason = (
            f"Was named by a link that went to {wrong.email}, which was not the address of "
            f"{invitee.name}"
        )
    session.flush()
