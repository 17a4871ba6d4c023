"""Looking up the council's settings, agencies, people and lines."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.directory.models import Agency, ConferenceLine, CouncilSettings, LinePin, Professional
from app.directory.types import CouncilNotSetUp, ProfessionalRole

_PEOPLE: Select[Professional] = (
    select(Professional)
    .join(Agency, Agency.id == Professional.agency_id)
    .order_by(Agency.name, Professional.name, Professional.id)
)
_ACTIVE = _PEOPLE.where(Professional.ended_at.is_(None), Agency.ended_at.is_(None))
_ENDED = (
    select(Professional)
    .join(Agency, Agency.id == Professional.agency_id)
    .where(Professional.ended_at.is_not(None))
    .order_by(Professional.ended_at.desc(), Professional.id)
)
_AGENCIES = select(Agency).where(Agency.ended_at.is_(None)).order_by(Agency.name)
_ENDED_AGENCIES = select(Agency).where(Agency.ended_at.is_not(None)).order_by(Agency.name)
_ENDED_LINES = (
    select(ConferenceLine).where(ConferenceLine.ended_at.is_not(None)).order_by(ConferenceLine.name)
)
_LINES = (
    select(ConferenceLine, func.count(LinePin.id))
    .outerjoin(LinePin, (LinePin.line_id == ConferenceLine.id) & LinePin.used_at.is_(None))
    .where(ConferenceLine.ended_at.is_(None))
    .group_by(ConferenceLine.id)
    .order_by(ConferenceLine.name)
)
_PROTOCOL = select(CouncilSettings.protocol_id).where(CouncilSettings.id == 1)


def council(session: Session) -> CouncilSettings:
    """The council's settings. Raises CouncilNotSetUp before they were first saved."""
    settings = session.get(CouncilSettings, 1)
    if settings is None:
        raise CouncilNotSetUp
    return settings


def council_or_none(session: Session) -> CouncilSettings | None:
    """The council's settings, or None before they were first saved."""
    return session.get(CouncilSettings, 1)


def protocol_of_council(session: Session) -> str | None:
    """Which protocol the council works by; None before its settings were first saved."""
    return session.execute(_PROTOCOL).scalar_one_or_none()


def agencies(session: Session) -> list[Agency]:
    """Agencies that have not ended, by name."""
    return list(session.execute(_AGENCIES).scalars())


def agency(session: Session, agency_id: int) -> Agency | None:
    return session.get(Agency, agency_id)


def agency_named(session: Session, name: str) -> Agency | None:
    """An agency by its name, whatever the case of its letters."""
    return session.execute(
        select(Agency).where(func.lower(Agency.name) == name.lower()).limit(1)
    ).scalar_one_or_none()


def professional(session: Session, professional_id: int) -> Professional | None:
    return session.get(Professional, professional_id)


def professionals(session: Session, ids: Collection[int]) -> list[Professional]:
    """These people, ended or not, by agency and name."""
    if not ids:
        return []
    return list(session.execute(_PEOPLE.where(Professional.id.in_(ids))).scalars())


def active_people(session: Session, *roles: ProfessionalRole) -> list[Professional]:
    """People who can be invited, of these roles or of all, by agency and name."""
    query = _ACTIVE.where(Professional.role.in_(roles)) if roles else _ACTIVE
    return list(session.execute(query).scalars())


def search_people(session: Session, words: str, most: int = 50) -> list[Professional]:
    """Active people whose name, title, address or agency holds every word."""
    query = _ACTIVE
    for word in words.split():
        query = query.where(_holds(word))
    return list(session.execute(query.limit(most)).scalars())


def ended_people(session: Session, words: str, most: int = 50) -> list[Professional]:
    """Who can no longer be invited, the last to end first; every word fits, as in a search."""
    query = _ENDED
    for word in words.split():
        query = query.where(_holds(word))
    return list(session.execute(query.limit(most)).scalars())


def ended_agencies(session: Session) -> list[Agency]:
    """Agencies that have ended, by name."""
    return list(session.execute(_ENDED_AGENCIES).scalars())


def _holds(word: str) -> ColumnElement[bool]:
    return or_(
        *(
            column.icontains(word, autoescape=True)
            for column in (Professional.name, Professional.title, Professional.email, Agency.name)
        )
    )


class LineInUse(NamedTuple):
    line: ConferenceLine
    unused_pins: int


def lines(session: Session) -> list[LineInUse]:
    """Conference lines that have not ended, each with how many PINs are left."""
    return [LineInUse(line, unused) for line, unused in session.execute(_LINES)]


def ended_lines(session: Session) -> list[ConferenceLine]:
    """Conference lines that have ended, by name."""
    return list(session.execute(_ENDED_LINES).scalars())


def line(session: Session, line_id: int) -> ConferenceLine | None:
    return session.get(ConferenceLine, line_id)


def pins(session: Session, line_id: int) -> list[LinePin]:
    """Every PIN of a line, unused first."""
    return list(
        session.execute(
            select(LinePin)
            .where(LinePin.line_id == line_id)
            .order_by(LinePin.used_at.is_not(None), LinePin.id)
        ).scalars()
    )
