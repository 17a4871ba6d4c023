"""The list of staff and one person's page."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.models import Staff
from app.accounts.types import Role

PAGE = 100
_LIST = select(Staff).order_by(Staff.name, Staff.id).limit(PAGE + 1)
_CURRENT = _LIST.where(Staff.ended_at.is_(None))
_LEFT = _LIST.where(Staff.ended_at.is_not(None))
_AFTER = tuple_(Staff.name, Staff.id) > tuple_(bindparam("name"), bindparam("id"))


class Person(NamedTuple):
    """Somebody with an account, as the list shows them."""

    id: int
    name: str
    email: str
    telephone: str
    roles: tuple[Role, ...]
    state: str
    colour: str
    left_at: datetime | None

    @property
    def roles_text(self) -> str:
        return ", ".join(role.label for role in self.roles)


class Page(NamedTuple):
    people: list[Person]
    after: int | None
    """The last person shown, when more follow."""


def people(session: Session, now: datetime, *, left: bool = False, after: int = 0) -> Page:
    """Staff by name, a page at a time; `left` shows those who have left instead."""
    statement = _LEFT if left else _CURRENT
    start = session.get(Staff, after) if after else None
    place = {} if start is None else {"name": start.name, "id": start.id}
    if start is not None:
        statement = statement.where(_AFTER)
    rows = list(session.execute(statement, place).scalars())
    shown = [_person(staff, now) for staff in rows[:PAGE]]
    return Page(shown, shown[-1].id if len(rows) > PAGE else None)


def person(session: Session, staff_id: int, now: datetime) -> Person | None:
    """One person, or None."""
    staff = session.get(Staff, staff_id)
    return None if staff is None else _person(staff, now)


def person_by_email(session: Session, email: str, now: datetime) -> Person | None:
    """The person with this address, or None."""
    staff = session.execute(select(Staff).where(Staff.email == email.lower())).scalar_one_or_none()
    return None if staff is None else _person(staff, now)


def _person(staff: Staff, now: datetime) -> Person:
    held = {row.role for row in staff.roles}
    state, colour = _state(staff, now)
    return Person(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        telephone=staff.telephone or "",
        roles=tuple(role for role in Role if role in held),
        state=state,
        colour=colour,
        left_at=staff.ended_at,
    )


def _state(staff: Staff, now: datetime) -> tuple[str, str]:
    if staff.ended_at is not None:
        return "Has left", "grey"
    if rules.is_paused(now, staff.paused_until):
        return "Paused after wrong tries", "red"
    if staff.must_set_password:
        return "Has not signed in yet", "yellow"
    if staff.totp_confirmed_at is None:
        return "Second factor to set up", "yellow"
    return "Active", "green"
