"""Agencies and the people in them, in the field's words."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class AgencyKind(enum.Enum):
    SOCIAL_CARE = "social_care"
    POLICE = "police"
    HEALTH = "health"
    EDUCATION = "education"
    EARLY_HELP = "early_help"
    FOSTERING = "fostering"
    PROBATION = "probation"
    HOUSING = "housing"
    YOUTH_OFFENDING = "youth_offending"
    DOMESTIC_ABUSE = "domestic_abuse"
    VOLUNTARY = "voluntary"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "social_care": "Children's social care",
            "early_help": "Early help",
            "youth_offending": "Youth offending service",
            "domestic_abuse": "Domestic abuse service",
            "voluntary": "Voluntary organisation",
            "other": "Other agency",
        }.get(self.value, self.value.capitalize())


class ProfessionalRole(enum.Enum):
    """What a person in the directory is asked for: the rules of C2 choose by this."""

    POLICE_CAIT = "police_cait"
    POLICE_OFFICER = "police_officer"
    SOCIAL_WORKER = "social_worker"
    HEALTH_VISITOR = "health_visitor"
    MASH_HEALTH = "mash_health"
    MIDWIFE = "midwife"
    SCHOOL_NURSE = "school_nurse"
    GP = "gp"
    COMMUNITY_PAEDIATRICIAN = "community_paediatrician"
    HOSPITAL_CONSULTANT = "hospital_consultant"
    WARD = "ward"
    SAFEGUARDING_LEAD = "safeguarding_lead"
    TEACHER = "teacher"
    EARLY_HELP_WORKER = "early_help_worker"
    FOSTERING_SERVICE = "fostering_service"
    PROBATION_OFFICER = "probation_officer"
    HOUSING_OFFICER = "housing_officer"
    YOUTH_OFFENDING_WORKER = "youth_offending_worker"
    DESIGNATED_OFFICER = "designated_officer"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "police_cait": "Police child abuse investigation team",
            "mash_health": "MASH health visitor",
            "gp": "GP",
            "ward": "Hospital ward",
            "safeguarding_lead": "Designated safeguarding lead",
            "designated_officer": "Designated officer (LADO)",
            "other": "Other professional",
        }.get(self.value, self.value.replace("_", " ").capitalize())


class CouncilNotSetUp(Exception):
    """Nobody has saved the council's settings yet."""

    def __init__(self) -> None:
        super().__init__(
            "The council's settings are empty: an administrator fills them in under Directory, "
            "Council settings."
        )


@dataclass(frozen=True, slots=True)
class AgencyGiven:
    name: str
    kind: AgencyKind


@dataclass(frozen=True, slots=True)
class ProfessionalGiven:
    """Somebody in the directory as typed; empty text means not known."""

    agency_id: int
    name: str
    role: ProfessionalRole
    title: str = ""
    email: str = ""
    telephone: str = ""
    is_team: bool = False
    decision_maker: bool = False
    away_until: datetime | None = None
    # Weekdays as digits, Monday is 1; local times. All empty where it is not known.
    works_days: str = ""
    works_from: str = ""
    works_to: str = ""


@dataclass(frozen=True, slots=True)
class CouncilGiven:
    """The council's settings as typed; lists are text, one entry to a line."""

    authority: str
    protocol_id: str
    desk_name: str
    desk_telephone: str
    desk_email: str
    out_of_hours_telephone: str
    office_opens: str
    office_closes: str
    secure_domains: str
    closure_days: str
    meeting_place: str
    police_form_email: str = ""
    police_form_telephone: str = ""
    medical_form_email: str = ""
    medical_telephone: str = ""
    medical_reception_telephone: str = ""
    authority_number: str = ""
    quality_email: str = ""
