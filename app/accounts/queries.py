"""Looking up staff and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.models import Staff, StaffRole, StaffSession
from app.accounts.types import (
    Credentials,
    NextStep,
    OpenSession,
    Pending,
    Permission,
    Role,
    StaffMember,
    WhyOver,
)
from app.audit.types import Actor, ActorKind
from app.core.crypto import token_digest
from app.core.database import table

_STAFF, _SESSION, _ROLE = table(Staff).c, table(StaffSession).c, table(StaffRole).c

# Asked on every request, so: one statement, built once, and columns of tables.
_BY_TOKEN = (
    select(
        _STAFF.id,
        _STAFF.name,
        _STAFF.email,
        _STAFF.ended_at.label("left_at"),
        _SESSION.id.label("session_id"),
        _SESSION.passed_second_factor_at,
        _SESSION.started_at,
        _SESSION.last_seen_at,
        _SESSION.reauthenticated_at,
        _SESSION.ended_at,
        _SESSION.by_sign_on,
        _ROLE.role,
    )
    .select_from(table(StaffSession))
    .join(table(Staff), _STAFF.id == _SESSION.staff_id)
    .outerjoin(table(StaffRole), _ROLE.staff_id == _STAFF.id)
    .where(_SESSION.token_digest == bindparam("digest"))
)
_PENDING = (
    select(Staff, StaffSession.started_at, StaffSession.by_sign_on)
    .join(StaffSession, StaffSession.staff_id == Staff.id)
    .where(
        StaffSession.token_digest == bindparam("digest"),
        StaffSession.passed_second_factor_at.is_(None),
        StaffSession.ended_at.is_(None),
        Staff.ended_at.is_(None),
    )
)
_BY_EMAIL = select(Staff.id, Staff.name, Staff.email, Staff.password_hash).where(
    Staff.email == bindparam("email"), Staff.ended_at.is_(None)
)
_BY_ID = select(Staff.id, Staff.name, Staff.email, Staff.password_hash).where(
    Staff.id == bindparam("staff_id"), Staff.ended_at.is_(None)
)
_HAS_SECOND_FACTOR = select(Staff.id).where(
    Staff.id == bindparam("staff_id"), Staff.totp_confirmed_at.is_not(None)
)
_OPEN = (
    select(
        StaffSession.id,
        StaffSession.started_at,
        StaffSession.last_seen_at,
        StaffSession.place,
    )
    .where(
        StaffSession.staff_id == bindparam("staff_id"),
        StaffSession.ended_at.is_(None),
        StaffSession.passed_second_factor_at.is_not(None),
    )
    .order_by(StaffSession.started_at.desc())
)
_CHAIRS = (
    select(_STAFF.id, _STAFF.name)
    .join(table(StaffRole), _ROLE.staff_id == _STAFF.id)
    .where(_STAFF.ended_at.is_(None), _ROLE.role == Role.CHAIR)
    .order_by(_STAFF.name, _STAFF.id)
)
_WITH_ROLES = (
    select(Staff.id, Staff.name, Staff.email)
    .where(
        Staff.ended_at.is_(None),
        exists().where(
            StaffRole.staff_id == Staff.id,
            StaffRole.role.in_(bindparam("roles", expanding=True)),
        ),
    )
    .order_by(Staff.name, Staff.id)
)

_EVERYBODY = select(_STAFF.id, _STAFF.name, _STAFF.email).order_by(_STAFF.name, _STAFF.id)


class Reachable(NamedTuple):
    """Somebody on the staff to whom mail may go."""

    id: int
    name: str
    email: str


def staff_by_session_token(session: Session, token: str, now: datetime) -> StaffMember | None:
    """The person behind a session cookie, once the second factor was given and while it lasts."""
    rows = session.execute(_BY_TOKEN, {"digest": token_digest(token)}).all()
    if not rows:
        return None
    held = rows[0]
    if (
        held.passed_second_factor_at is None
        or held.left_at is not None
        or rules.is_over(
            now, started=held.started_at, last_seen=held.last_seen_at, ended=held.ended_at
        )
    ):
        return None
    return StaffMember(
        id=held.id,
        name=held.name,
        email=held.email,
        roles=frozenset(row.role for row in rows if row.role is not None),
        session_id=held.session_id,
        reauthenticated_at=held.reauthenticated_at,
        last_seen_at=held.last_seen_at,
        token=token,
        by_sign_on=held.by_sign_on,
    )


def why_over(session: Session, token: str, now: datetime) -> WhyOver | None:
    """Why the session of this cookie opens nothing; None if it does, or never was one."""
    held = session.execute(_BY_TOKEN, {"digest": token_digest(token)}).first()
    if held is None or held.passed_second_factor_at is None:
        return None
    return rules.why_over(
        now, started=held.started_at, last_seen=held.last_seen_at, ended=held.ended_at
    )


def owner_of_token(session: Session, token: str) -> int | None:
    """Whose session this cookie was for, over or not."""
    held = session.execute(_BY_TOKEN, {"digest": token_digest(token)}).first()
    return None if held is None else held.id


def actor_of_token(session: Session, token: str) -> Actor | None:
    """Whose session this cookie was for, over or not, for the audit."""
    held = session.execute(_BY_TOKEN, {"digest": token_digest(token)}).first()
    if held is None or held.left_at is not None:
        return None
    return Actor(ActorKind.STAFF, held.id, held.name)


def credentials(session: Session, email: str) -> Credentials | None:
    """What to check a typed password against; None for an address without an account."""
    row = session.execute(_BY_EMAIL, {"email": email.lower()}).one_or_none()
    return None if row is None else Credentials(*row)


def credentials_of(session: Session, staff_id: int) -> Credentials | None:
    """The same for somebody who is signed in."""
    row = session.execute(_BY_ID, {"staff_id": staff_id}).one_or_none()
    return None if row is None else Credentials(*row)


def pending(session: Session, token: str, now: datetime) -> Pending | None:
    """Who gave the right password with this token and has not given the second factor yet."""
    row = session.execute(_PENDING, {"digest": token_digest(token)}).one_or_none()
    if row is None:
        return None
    staff, started_at, by_sign_on = row
    if now - started_at > rules.IDLE:
        return None
    return Pending(
        staff_id=staff.id,
        name=staff.name,
        email=staff.email,
        next_step=next_step(staff, by_sign_on=by_sign_on),
        password_hash=staff.password_hash,
        totp_secret=staff.totp_secret,
    )


def next_step(staff: Staff, *, by_sign_on: bool) -> NextStep:
    """What stands between this person's password, or single sign-on, and a session."""
    if staff.must_set_password and not by_sign_on:
        return NextStep.OWN_PASSWORD
    return NextStep.SET_UP if staff.totp_confirmed_at is None else NextStep.CODE


def has_second_factor(session: Session, staff_id: int) -> bool:
    """Whether this person has set up a second factor of our own."""
    row = session.execute(_HAS_SECOND_FACTOR, {"staff_id": staff_id}).one_or_none()
    return row is not None


def open_sessions(session: Session, staff_id: int, now: datetime) -> list[OpenSession]:
    """The browsers this person is signed in with, newest first."""
    return [
        OpenSession(row.id, row.started_at, row.last_seen_at, row.place or "")
        for row in session.execute(_OPEN, {"staff_id": staff_id})
        if not rules.is_over(now, started=row.started_at, last_seen=row.last_seen_at, ended=None)
    ]


def chairs(session: Session) -> list[tuple[int, str]]:
    """Staff who may chair, as number and name, by name."""
    return [(staff_id, name) for staff_id, name in session.execute(_CHAIRS)]


def social_workers(session: Session) -> list[tuple[int, str]]:
    """Social workers on the staff, as number and name, by name."""
    found = session.execute(_WITH_ROLES, {"roles": [Role.SOCIAL_WORKER]})
    return [(staff_id, name) for staff_id, name, _ in found]


def staff_who_may(session: Session, permission: Permission) -> list[Reachable]:
    """Staff whose role allows it, with their address, by name."""
    roles = sorted(rules.ALLOWED[permission], key=lambda role: role.value)
    return [Reachable(*row) for row in session.execute(_WITH_ROLES, {"roles": roles})]


def everybody(session: Session) -> list[Reachable]:
    """Everybody who was ever added, by name: one statement."""
    return [Reachable(*row) for row in session.execute(_EVERYBODY)]


def number_of_staff(session: Session) -> int:
    """How many people were ever added."""
    return session.execute(select(func.count()).select_from(Staff)).scalar_one()
