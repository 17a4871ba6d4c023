"""Finding an invitation by its link, and the guest behind a session."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.core.crypto import token_digest
from app.invitations import rules
from app.invitations.models import GuestSession, Invitation, InvitationLink
from app.invitations.types import Guest

_BY_LINK = select(Invitation, InvitationLink.sequence).join(
    InvitationLink, InvitationLink.invitation_id == Invitation.id
)
_HAS_LINKS = select(exists().where(InvitationLink.invitation_id == bindparam("invitation_id")))
_BY_SESSION = select(GuestSession, Invitation).join(
    Invitation, Invitation.id == GuestSession.invitation_id
)


class Link(NamedTuple):
    """A link that is in use."""

    invitation: Invitation
    tells_the_time: bool  # whether its letter told the time at which the meeting is now


def invitation_by_token(session: Session, token: str, now: datetime) -> Invitation | None:
    """The invitation a link finds, or None: unknown, revoked and expired look the same (D3)."""
    found = link_by_token(session, token, now)
    return found.invitation if found is not None else None


def link_by_token(session: Session, token: str, now: datetime) -> Link | None:
    """The same, with what the letter of this link told."""
    row = session.execute(
        _BY_LINK.where(InvitationLink.token_digest == token_digest(token))
    ).one_or_none()
    if row is None:
        return None
    held, sequence = row
    if not rules.link_is_open(now, revoked=held.revoked_at, expires=held.expires_at):
        return None
    return Link(held, tells_the_time=sequence >= held.moved_sequence)


def has_links(session: Session, invitation_id: int) -> bool:
    """Whether a link was made for this invitation that was not withdrawn since."""
    return bool(session.execute(_HAS_LINKS, {"invitation_id": invitation_id}).scalar_one())


def guest_by_session(session: Session, token: str, now: datetime) -> Guest | None:
    """The guest behind a session cookie, while the session and the invitation last."""
    row = session.execute(
        _BY_SESSION.where(GuestSession.token_digest == token_digest(token))
    ).one_or_none()
    if row is None:
        return None
    held, invitation = row
    if rules.session_is_over(
        now, started=held.started_at, last_seen=held.last_seen_at, ended=held.ended_at
    ) or not rules.link_is_open(now, revoked=invitation.revoked_at, expires=invitation.expires_at):
        return None
    return Guest(
        session_id=held.id,
        invitation_id=invitation.id,
        invitation_name=invitation.name,
        is_team=invitation.is_team,
        person_name=held.person_name,
        person_role=held.person_role,
        last_seen_at=held.last_seen_at,
        link_ends_at=invitation.expires_at,
    )
