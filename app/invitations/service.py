"""Invitations and their links, codes and sessions (D2, D3).

The caller writes the audit row for what it does to an invitation, because it knows the meeting
and the reason; what a guest does by link and code is audited here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.orm import Session, aliased

from app.audit.service import record
from app.audit.types import Subject
from app.core.crypto import keyed_digest, new_code, new_token, same, token_digest
from app.core.database import table
from app.core.installation import index_key
from app.core.refusal import Refused
from app.invitations import rules
from app.invitations.letters import code_letter
from app.invitations.models import AccessCode, GuestSession, Invitation, InvitationLink
from app.invitations.queries import invitation_by_token
from app.invitations.types import CodeMade, Desk, Guest, Invited, actor_of
from app.invitations.wording import is_address, one_line

# Several rows go in one statement and come back in any order: each is known by its UID.
_INVITE = insert(table(Invitation)).returning(table(Invitation).c.id, table(Invitation).c.uid)
_LINK = insert(table(InvitationLink))
# Every message brings another link: those of one invitation count together, as long as they are in
# use. A link that finds nothing counts by itself.
_OF_ONE = (AccessCode.link_digest == bindparam("link")) | AccessCode.link_digest.in_(
    select(InvitationLink.token_digest).where(InvitationLink.invitation_id == bindparam("held"))
)
_ASKED = (
    select(AccessCode.created_at, AccessCode.link_digest)
    .where(_OF_ONE)
    .order_by(AccessCode.id.desc())
    .limit(rules.CODES_A_DAY)
)
_CAME_IN = select(
    exists().where(
        _OF_ONE, AccessCode.browser_digest == bindparam("mark"), AccessCode.used_at.is_not(None)
    )
)
_LATER_LINK = aliased(InvitationLink)
_IS_NEWEST = select(
    ~exists().where(
        InvitationLink.token_digest == bindparam("link"),
        _LATER_LINK.invitation_id == InvitationLink.invitation_id,
        _LATER_LINK.created_at > InvitationLink.created_at,
    )
)
_NEWEST = (
    select(AccessCode)
    .order_by(AccessCode.id.desc())
    .limit(1)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def invite(session: Session, name: str, email: str, is_team: bool, now: datetime) -> Invitation:
    """A new invitation with a UID for life and SEQUENCE 0 (D2).

    Raises Refused (field `email`) where mail could not be sent to the address.
    """
    made = invite_all(session, [(name, email, is_team)], now)[0]
    return session.get_one(Invitation, made.id)


def invite_all(
    session: Session,
    people: Sequence[tuple[str, str, bool]],
    now: datetime,
    expires_at: datetime | None = None,
) -> list[Invited]:
    """The same for several people, each as name, address and whether a team, in their order;
    written together."""
    rows = [_new(*person) | {"created_at": now, "expires_at": expires_at} for person in people]
    if not rows:
        return []
    ids = {uid: number for number, uid in session.execute(_INVITE, rows)}
    return [
        Invited(ids[row["uid"]], row["uid"], row["name"], row["email"], row["is_team"])
        for row in rows
    ]


def _new(name: str, email: str, is_team: bool) -> dict[str, Any]:
    email = email.strip()
    if not is_address(email):
        raise Refused("email", "Enter an email address like name@example.org")
    return {
        "uid": str(uuid4()),
        "sequence": 0,
        "name": one_line(name),
        "email": email,
        "is_team": is_team,
    }


def new_link(session: Session, invitation: Invitation, now: datetime) -> str:
    """The token of a fresh link for the next letter. Only its digest is kept; links of earlier
    letters go on working until the invitation ends."""
    return new_links(session, [(invitation.id, invitation.sequence)], now)[0]


def new_links(session: Session, held: Sequence[tuple[int, int]], now: datetime) -> list[str]:
    """The same for several invitations, each as its number and the SEQUENCE of the letter, in their
    order; written together."""
    tokens = [new_token() for _ in held]
    if tokens:
        session.execute(
            _LINK,
            [
                {
                    "token_digest": token_digest(token),
                    "invitation_id": one,
                    "created_at": now,
                    "sequence": sequence,
                }
                for token, (one, sequence) in zip(tokens, held, strict=True)
            ],
        )
    return tokens


def next_sequence(session: Session, invitation: Invitation, *, moved: bool = False) -> int:
    """Count SEQUENCE up by one and return it, for an update or a cancellation (D2). `moved` where
    it brings another time: links of earlier letters then accept none (D3, D6).

    Counted in the database: of two changes at once each gets a number of its own.
    """
    counted: dict[str, Any] = {"sequence": Invitation.sequence + 1}
    if moved:
        counted["moved_sequence"] = Invitation.sequence + 1
    number = session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id)
        .values(counted)
        .returning(Invitation.sequence)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    session.refresh(invitation, ["sequence", "moved_sequence"])
    return number


def cancel(session: Session, invitation: Invitation, now: datetime) -> int:
    """Call the invitation off for good; returns the SEQUENCE of its CANCEL. The link dies."""
    invitation.cancelled_at = now
    revoke(session, invitation, now)
    return next_sequence(session, invitation)


def withdraw_links(session: Session, invitation: Invitation, now: datetime) -> int:
    """End the links that were sent so far, their codes and sessions; the invitation stands, and
    the next letter brings a fresh one (D3). Answers how many links there were."""
    ended = session.execute(
        sql_delete(InvitationLink)
        .where(InvitationLink.invitation_id == invitation.id)
        .returning(InvitationLink.token_digest)
    ).all()
    session.execute(
        update(AccessCode)
        .where(
            AccessCode.invitation_id == invitation.id,
            AccessCode.used_at.is_(None),
            AccessCode.replaced_at.is_(None),
        )
        .values(replaced_at=now)
    )
    _end_sessions(session, invitation, now)
    session.flush()
    return len(ended)


def revoke(session: Session, invitation: Invitation, now: datetime) -> None:
    """End every link and session of this invitation at once (D3)."""
    if invitation.revoked_at is None:
        invitation.revoked_at = now
    _end_sessions(session, invitation, now)
    session.flush()


def _end_sessions(session: Session, invitation: Invitation, now: datetime) -> None:
    session.execute(
        update(GuestSession)
        .where(GuestSession.invitation_id == invitation.id, GuestSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def invitation(session: Session, invitation_id: int) -> Invitation:
    """The invitation of this number, which a row of an upper floor refers to."""
    return session.get_one(Invitation, invitation_id)


def delete(session: Session, invitation_id: int) -> None:
    """Delete an invitation with its links, codes and sessions, where nothing refers to it."""
    for model in (InvitationLink, AccessCode, GuestSession):
        session.execute(sql_delete(model).where(model.invitation_id == invitation_id))
    session.execute(sql_delete(Invitation).where(Invitation.id == invitation_id))


def move(session: Session, invitation: Invitation, email: str) -> None:
    """The same person reads mail elsewhere: letters and codes go there. The entry in the calendar
    and the links stay theirs."""
    invitation.email = email
    session.flush()


def set_expiry(session: Session, invitation: Invitation, expires_at: datetime | None) -> None:
    """When the link ends, see rules.expiry; None while the invitee has an open action (D3)."""
    invitation.expires_at = expires_at
    session.flush()


def request_code(
    session: Session, token: str, browser: str, desk: Desk, now: datetime
) -> CodeMade | None:
    """A code for this link and browser: the letter to queue, or None where too many were asked for.

    The page that follows is the same in any case. An unknown, revoked or expired link gets a
    row, a code and a letter made for nobody, so that it takes the same work (D3). No more are made
    than `rules.may_ask_for_code` allows, however many links were sent: the last one goes on
    working. What was asked for by links that were withdrawn since counts no more. `browser` is the
    random cookie of the browser that asked.
    """
    link, mark = token_digest(token), token_digest(browser)
    invitation = invitation_by_token(session, token, now)
    one = {"link": link, "held": invitation.id if invitation else None, "mark": mark}
    if not rules.may_ask_for_code(
        now,
        [(row.created_at, row.link_digest) for row in session.execute(_ASKED, one)],
        link,
        is_newest=session.execute(_IS_NEWEST, one).scalar_one(),
        came_in=session.execute(_CAME_IN, one).scalar_one(),
    ):
        return None
    code = new_code()
    session.execute(
        update(AccessCode)
        .where(
            AccessCode.link_digest == link,
            AccessCode.browser_digest == mark,
            AccessCode.used_at.is_(None),
            AccessCode.replaced_at.is_(None),
        )
        .values(replaced_at=now)
    )
    session.add(
        AccessCode(
            link_digest=link,
            invitation_id=invitation.id if invitation else None,
            code_digest=_code_digest(session, link, mark, code),
            browser_digest=mark,
            created_at=now,
            expires_at=now + rules.CODE_LIFE,
            tries=0,
        )
    )
    session.flush()
    name, email = (invitation.name, invitation.email) if invitation else ("Nobody", desk.email)
    letter = code_letter(desk, name, email, code, now)
    return CodeMade(letter, invitation.id if invitation else None)


def redeem_code(session: Session, token: str, browser: str, code: str, now: datetime) -> str | None:
    """The token of a new guest session, or None for a wrong, used, late or replaced code.

    Commit in both cases: a wrong try is counted. Ten minutes, once, five tries, the browser that
    asked, its newest code (D3). The answer does not tell whether the link was real.
    """
    link, mark = token_digest(token), token_digest(browser)
    held = session.execute(
        _NEWEST.where(AccessCode.link_digest == link, AccessCode.browser_digest == mark)
    ).scalar_one_or_none()
    given = _code_digest(session, link, mark, "".join(code.split()))
    if held is None or not rules.code_is_live(
        now,
        expires=held.expires_at,
        tries=held.tries,
        used=held.used_at,
        replaced=held.replaced_at,
    ):
        return None
    held.tries += 1
    if not same(given, held.code_digest):
        session.flush()
        return None
    held.used_at = now
    # Only whoever has the right code comes here: before, nothing is read of whose link it is.
    invitation = invitation_by_token(session, token, now)
    if invitation is None or held.invitation_id != invitation.id:
        session.flush()
        return None
    return _open_session(session, invitation, now)


def introduce(session: Session, guest: Guest, name: str, role: str, now: datetime) -> None:
    """Who sits behind a team's address: name and role become the attendance (D3).

    Raises Refused (fields `name`, `role`) where one is missing.
    """
    if not name.strip():
        raise Refused("name", "Enter your name")
    if not role.strip():
        raise Refused("role", "Enter your role, like duty detective sergeant")
    session.execute(
        update(GuestSession)
        .where(GuestSession.id == guest.session_id)
        .values(person_name=one_line(name), person_role=one_line(role))
    )
    record(session, guest.actor, "gave name and role", _subject_of(session, guest), now)


def touch(session: Session, guest: Guest, now: datetime) -> bool:
    """Note that the guest is still there; at most once a minute. Returns whether it was noted."""
    if now - guest.last_seen_at < rules.TOUCH:
        return False
    session.execute(
        update(GuestSession)
        .where(GuestSession.id == guest.session_id, GuestSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )
    return True


def end_session(session: Session, guest: Guest, now: datetime) -> None:
    """The guest leaves: the session ends, the link goes on working."""
    session.execute(
        update(GuestSession)
        .where(GuestSession.id == guest.session_id, GuestSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    record(session, guest.actor, "ended the session", _subject_of(session, guest), now)


def _open_session(session: Session, invitation: Invitation, now: datetime) -> str:
    token = new_token()
    opened = GuestSession(
        token_digest=token_digest(token),
        invitation_id=invitation.id,
        started_at=now,
        last_seen_at=now,
    )
    session.add(opened)
    session.flush()
    record(
        session,
        actor_of(invitation.id, opened.id),
        "opened a session by link and code",
        Subject("invitation", invitation.uid),
        now,
    )
    return token


def _subject_of(session: Session, guest: Guest) -> Subject:
    return Subject("invitation", session.get_one(Invitation, guest.invitation_id).uid)


def _code_digest(session: Session, link: str, browser: str, code: str) -> str:
    return keyed_digest(index_key(session), "access code", link, browser, code)
