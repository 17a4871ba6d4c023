"""Invitations, their links, codes and sessions (D2, D3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, EncryptedText


class Invitation(Base):
    """One invitee, one meeting. `uid` and the link live as long as the invitation."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("uid", name="uq_invitation_uid"),
        CheckConstraint("sequence >= 0", name="sequence_counts_up"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str]
    sequence: Mapped[int]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(EncryptedText)
    is_team: Mapped[bool]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]  # a CANCEL was sent
    revoked_at: Mapped[datetime | None]  # the link is dead at once
    expires_at: Mapped[datetime | None]  # set when the end is known (D3)
    # SEQUENCE of the last update that brought another time: whoever holds an older letter has
    # not seen when it is.
    moved_sequence: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class InvitationLink(Base):
    """A token that was sent. Each message carries a fresh one; only the digest is kept, so an
    update can be sent without the old token being readable anywhere."""

    __tablename__ = "invitation_link"
    __table_args__ = (Index("ix_invitation_link_invitation", "invitation_id"),)

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"))
    created_at: Mapped[datetime]
    # That of the letter which carried it: which time its reader knows.
    sequence: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class AccessCode(Base):
    """Six digits sent to the invitee's own address: ten minutes, once, five tries, one browser.

    A row is written for an unknown link as well (`invitation_id` empty), so that both take the
    same time and the same page follows.
    """

    __tablename__ = "access_code"
    __table_args__ = (
        Index("ix_access_code_link", "link_digest", "id"),
        Index("ix_access_code_invitation", "invitation_id", "id"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="five_tries"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_digest: Mapped[str]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"))
    code_digest: Mapped[str]
    browser_digest: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class GuestSession(Base):
    """Opened by a code. Whoever enters through a team's address gives name and role (D3)."""

    __tablename__ = "guest_session"
    __table_args__ = (UniqueConstraint("token_digest", name="uq_guest_session_token_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str]
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"))
    person_name: Mapped[str | None] = mapped_column(EncryptedText)
    person_role: Mapped[str | None] = mapped_column(EncryptedText)
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
