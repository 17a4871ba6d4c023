"""What stands on the chair's page with somebody already, before they are removed (E1, E3)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.meetings.discussion.models import Action, Entry
from app.meetings.models import Invitee

_OWNERS = select(Action.owner_id).where(
    Action.meeting_id == bindparam("meeting_id"), Action.removed_at.is_(None)
)
_HEARD = select(Entry.scope, Entry.value).where(
    Entry.meeting_id == bindparam("meeting_id"), Entry.field == "information"
)


def left_behind(session: Session, meeting_id: int, gone: Sequence[Invitee]) -> tuple[str, ...]:
    """What becomes of what was prepared with those who go, in words."""
    if not gone:
        return ()
    about = {"meeting_id": meeting_id}
    owners = set(session.execute(_OWNERS, about).scalars())
    heard = {scope for scope, value in session.execute(_HEARD, about) if value}
    found = []
    for one in gone:
        if one.id in owners:
            found.append(
                f"An action of {one.name} stands on the chair's page: name somebody else for it "
                "there. The record waits for that."
            )
        if f"invitee:{one.id}" in heard:
            found.append(
                f"Information of {one.name} stands on the chair's page: it stays there, and in "
                "the record."
            )
    return tuple(found)
