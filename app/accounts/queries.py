"""Looking up staff and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.models import Staff, StaffSession
from app.accounts.types import Role, StaffMember
from app.core.crypto import token_digest

_BY_TOKEN = select(StaffSession, Staff).join(Staff, Staff.id == StaffSession.staff_id)


def staff_by_session_token(session: Session, token: str, now: datetime) -> StaffMember | None:
    """The person behind a session cookie, once the second factor was given and while it lasts."""
    row = session.execute(
        _BY_TOKEN.where(StaffSession.token_digest == token_digest(token))
    ).one_or_none()
    if row is None:
        return None
    held, staff = row
    if (
        held.passed_second_factor_at is None
        or staff.ended_at is not None
        or rules.is_over(
            now, started=held.started_at, last_seen=held.last_seen_at, ended=held.ended_at
        )
    ):
        return None
    return StaffMember(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        roles=frozenset(held_role.role for held_role in staff.roles),
        session_id=held.id,
        reauthenticated_at=held.reauthenticated_at,
        last_seen_at=held.last_seen_at,
        token=token,
    )


def chairs(session: Session) -> list[Staff]:
    """Staff who may chair, by name."""
    rows = session.execute(
        select(Staff).where(Staff.ended_at.is_(None)).order_by(Staff.name)
    ).scalars()
    return [staff for staff in rows if any(r.role is Role.CHAIR for r in staff.roles)]
