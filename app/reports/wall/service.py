"""Making, revoking and noticing displays (G2)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.crypto import new_token, token_digest
from app.core.refusal import Refused
from app.reports.wall.models import WallDisplay
from app.reports.wall.types import Screen


class Made(NamedTuple):
    """A new display. The token is shown once and kept by nobody."""

    id: int
    token: str


def make_display(session: Session, actor: Actor, name: str, screen: Screen, now: datetime) -> Made:
    """A display with a link of its own, which opens one screen and nothing else."""
    if actor.id is None:
        raise ValueError("only a member of staff does this: the actor has no id")
    token = new_token()
    display = WallDisplay(
        name=name,
        screen=screen,
        token_digest=token_digest(token),
        made_at=now,
        made_by_id=actor.id,
        last_seen_at=None,
        revoked_at=None,
    )
    session.add(display)
    session.flush()
    record(session, actor, "display made", _subject(display), now, {"screen": screen.value})
    return Made(display.id, token)


def revoke_display(session: Session, actor: Actor, display_id: int, now: datetime) -> None:
    """Take the link's power away: the screen goes blank at its next refresh.

    Raises Refused for a display that does not exist; one that is revoked already stays so.
    """
    display = session.get(WallDisplay, display_id)
    if display is None:
        raise Refused("display", "This display is not in the list any more")
    if display.revoked_at is None:
        display.revoked_at = now
        session.flush()
        record(session, actor, "display revoked", _subject(display), now)


def note_seen(session: Session, display_id: int, now: datetime) -> None:
    """Write down that the display asked, so that staff see whether it is alive."""
    display = session.get(WallDisplay, display_id)
    if display is not None:
        display.last_seen_at = now
        session.flush()


def _subject(display: WallDisplay) -> Subject:
    return Subject("display", str(display.id))
