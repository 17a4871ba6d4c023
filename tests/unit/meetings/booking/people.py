"""People and cases for the rules, without a database."""

from __future__ import annotations

import itertools
from datetime import datetime

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.types import CaseFacts, Involved, Person

_numbers = itertools.count(1)

KIND_OF = {
    ProfessionalRole.POLICE_CAIT: AgencyKind.POLICE,
    ProfessionalRole.HEALTH_VISITOR: AgencyKind.HEALTH,
    ProfessionalRole.MASH_HEALTH: AgencyKind.HEALTH,
    ProfessionalRole.MIDWIFE: AgencyKind.HEALTH,
    ProfessionalRole.GP: AgencyKind.HEALTH,
    ProfessionalRole.COMMUNITY_PAEDIATRICIAN: AgencyKind.HEALTH,
    ProfessionalRole.HOSPITAL_CONSULTANT: AgencyKind.HEALTH,
    ProfessionalRole.WARD: AgencyKind.HEALTH,
    ProfessionalRole.SAFEGUARDING_LEAD: AgencyKind.EDUCATION,
    ProfessionalRole.TEACHER: AgencyKind.EDUCATION,
    ProfessionalRole.FOSTERING_SERVICE: AgencyKind.FOSTERING,
    ProfessionalRole.EARLY_HELP_WORKER: AgencyKind.EARLY_HELP,
    ProfessionalRole.PROBATION_OFFICER: AgencyKind.PROBATION,
    ProfessionalRole.HOUSING_OFFICER: AgencyKind.HOUSING,
    ProfessionalRole.YOUTH_OFFENDING_WORKER: AgencyKind.YOUTH_OFFENDING,
    ProfessionalRole.DESIGNATED_OFFICER: AgencyKind.SOCIAL_CARE,
}


def person(
    role: ProfessionalRole,
    name: str = "",
    *,
    agency: int | None = None,
    agency_name: str = "",
    away: datetime | None = None,
    decides: bool = True,
) -> Person:
    number = next(_numbers)
    return Person(
        id=number,
        name=name or f"{role.label} {number}",
        role=role,
        title=role.label,
        agency_id=agency or 1000 + number,
        agency_name=agency_name or f"Agency {agency or 1000 + number}",
        agency_kind=KIND_OF.get(role, AgencyKind.OTHER),
        email=f"p{number}@agency.example",
        telephone="01632 960200",
        is_team=False,
        decision_maker=decides,
        away_until=away,
    )


def working_with(*people: Person, active: bool = True, lead: bool = False) -> CaseFacts:
    return CaseFacts(involved=tuple(Involved(one, active, lead) for one in people))
