"""Council settings, agencies, people and lines for tests."""

from __future__ import annotations

import itertools
from datetime import datetime

from sqlalchemy.orm import Session

from app.directory.models import Agency, ConferenceLine, CouncilSettings, LinePin, Professional
from app.directory.types import AgencyKind, ProfessionalRole

_numbers = itertools.count(1)


def make_settings(session: Session, protocol_id: str = "london") -> CouncilSettings:
    """The one row; the same row at the second call."""
    settings = session.get(CouncilSettings, 1)
    if settings is None:
        settings = CouncilSettings(
            id=1,
            authority="Exampleshire Council",
            protocol_id=protocol_id,
            desk_name="Referral and assessment desk",
            desk_telephone="01632 960100",
            desk_email="rna-desk@example.org",
            out_of_hours_telephone="01632 960199",
            office_opens="09:00",
            office_closes="17:00",
            secure_domains=["police.example", "nhs.example"],
            closure_days=[],
            meeting_place="Civic Centre, room 2",
            police_form_email="",
            police_form_telephone="",
            medical_form_email="",
            medical_telephone="",
            medical_reception_telephone="",
            quality_email="",
            extra={},
        )
        session.add(settings)
    settings.protocol_id = protocol_id
    session.flush()
    return settings


def make_agency(
    session: Session, kind: AgencyKind = AgencyKind.HEALTH, name: str | None = None
) -> Agency:
    agency = Agency(name=name or f"{kind.label} {next(_numbers)}", kind=kind, ended_at=None)
    session.add(agency)
    session.flush()
    return agency


def make_professional(
    session: Session,
    role: ProfessionalRole = ProfessionalRole.HEALTH_VISITOR,
    agency: Agency | None = None,
    name: str | None = None,
    *,
    email: str | None = "",
    is_team: bool = False,
    decision_maker: bool = False,
    away_until: datetime | None = None,
) -> Professional:
    """Somebody in the directory. An empty `email` is filled in; None leaves them without one."""
    number = next(_numbers)
    person = Professional(
        agency=agency or make_agency(session),
        name=name or f"Person {number}",
        role=role,
        title=role.label,
        email=f"person{number}@nhs.example" if email == "" else email,
        telephone="01632 960200",
        is_team=is_team,
        decision_maker=decision_maker,
        away_until=away_until,
        works_days="",
        works_from=None,
        works_to=None,
        ended_at=None,
    )
    session.add(person)
    session.flush()
    return person


def make_line(session: Session, pins: int = 20, name: str | None = None) -> ConferenceLine:
    """A conference line with this many unused PINs."""
    number = next(_numbers)
    line = ConferenceLine(name=name or f"Line {number}", telephone="0808 157 0100", ended_at=None)
    session.add(line)
    session.flush()
    session.add_all(
        LinePin(line_id=line.id, pin=f"{100000 + number * 100 + place}", used_at=None)
        for place in range(pins)
    )
    session.flush()
    return line
