"""The people of the directory who could come: by role, by number, by address.

Statements are built once, of columns of the tables.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from app.core.database import table
from app.directory.models import Agency, Professional
from app.directory.types import ProfessionalRole
from app.meetings.booking.addresses import Known
from app.meetings.booking.types import Person

_AGENCY, _PROFESSIONAL = table(Agency), table(Professional)


def person_columns(person: Any, agency: Any) -> tuple[ColumnElement[Any], ...]:
    """The columns of a `Person`, in its order; an empty address is none."""
    return (
        person.id,
        person.name,
        person.role,
        person.title,
        person.agency_id,
        agency.name,
        agency.kind,
        func.nullif(person.email, ""),
        func.nullif(person.telephone, ""),
        person.is_team,
        person.decision_maker,
        person.away_until,
        person.works_days,
        person.works_from,
        person.works_to,
    )


A_PERSON = person_columns(_PROFESSIONAL.c, _AGENCY.c)
_PEOPLE = (
    select(*A_PERSON)
    .join(_AGENCY, _AGENCY.c.id == _PROFESSIONAL.c.agency_id)
    .order_by(_AGENCY.c.name, _PROFESSIONAL.c.name, _PROFESSIONAL.c.id)
)
_BY_EMAIL = _PEOPLE.where(
    _PROFESSIONAL.c.email == bindparam("email"),
    _PROFESSIONAL.c.ended_at.is_(None),
    _AGENCY.c.ended_at.is_(None),
).limit(1)
_WITH_ROLES = _PEOPLE.where(
    _PROFESSIONAL.c.role.in_(bindparam("roles", expanding=True)),
    _PROFESSIONAL.c.ended_at.is_(None),
    _AGENCY.c.ended_at.is_(None),
)
_BY_ID = _PEOPLE.where(_PROFESSIONAL.c.id.in_(bindparam("ids", expanding=True)))
_KNOWN = (
    select(_PROFESSIONAL.c.name, _AGENCY.c.name, _PROFESSIONAL.c.email)
    .join(_AGENCY, _AGENCY.c.id == _PROFESSIONAL.c.agency_id)
    .where(_PROFESSIONAL.c.ended_at.is_(None))
)


def person_at(session: Session, email: str) -> Person | None:
    """Whoever is active and has this address in the directory."""
    row = session.execute(_BY_EMAIL, {"email": email.lower()}).one_or_none()
    return None if row is None else Person(*row)


def known_addresses(session: Session) -> list[Known]:
    """Everybody in the directory, to compare somebody typed with."""
    return [Known(*row) for row in session.execute(_KNOWN)]


def people_with(session: Session, roles: Collection[ProfessionalRole]) -> list[Person]:
    """Everybody active with one of these roles."""
    if not roles:
        return []
    return [Person(*row) for row in session.execute(_WITH_ROLES, {"roles": list(roles)})]


def people_by_id(session: Session, ids: Collection[int]) -> dict[int, Person]:
    """These people of the directory."""
    if not ids:
        return {}
    return {row[0]: Person(*row) for row in session.execute(_BY_ID, {"ids": list(ids)})}
