"""Referrals in the field's words."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date, datetime

from app.directory.types import AgencyKind

# A referral is rated and decided in the words that the area's protocol speaks of.
from app.protocols.types import DomesticAbuseRisk as DomesticAbuseRisk
from app.protocols.ways import LawfulBasis as LawfulBasis
from app.protocols.ways import Outcome as Outcome
from app.protocols.ways import Rating as Rating

# Where a referral stands in the queue: a child who may be at risk now before everybody else (A1).
AT_RISK_NOW, IN_TURN = 0, 1


class Channel(enum.Enum):
    """How a contact came in (A1)."""

    PHONE = "phone"
    FORM = "form"
    POLICE_NOTIFICATION = "police_notification"
    OUT_OF_HOURS_TEAM = "out_of_hours_team"
    EMAIL = "email"

    @property
    def label(self) -> str:
        return {
            "phone": "Telephone",
            "form": "Referral form",
            "police_notification": "Police notification",
            "out_of_hours_team": "Out-of-hours team",
            "email": "Secure email",
        }[self.value]


class Concern(enum.Enum):
    """What the referral is about; several may apply (A1, A9)."""

    PHYSICAL_ABUSE = "physical_abuse"
    SEXUAL_ABUSE = "sexual_abuse"
    EMOTIONAL_ABUSE = "emotional_abuse"
    NEGLECT = "neglect"
    DOMESTIC_ABUSE = "domestic_abuse"
    SEXUAL_EXPLOITATION = "sexual_exploitation"
    CRIMINAL_EXPLOITATION = "criminal_exploitation"
    FEMALE_GENITAL_MUTILATION = "female_genital_mutilation"
    FABRICATED_ILLNESS = "fabricated_illness"
    MISSING = "missing"
    TRAFFICKING = "trafficking"
    ALLEGATION_AGAINST_STAFF = "allegation_against_staff"
    ORGANISED_ABUSE = "organised_abuse"
    PARENTAL_SUBSTANCE_MISUSE = "parental_substance_misuse"
    PARENTAL_MENTAL_HEALTH = "parental_mental_health"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "criminal_exploitation": "Gangs or criminal exploitation",
            "fabricated_illness": "Fabricated or induced illness",
            "missing": "Missing from home or care",
            "parental_substance_misuse": "Parent's alcohol or drug use",
            "parental_mental_health": "Parent's mental health",
        }.get(self.value, self.value.replace("_", " ").capitalize())


class Flag(enum.Enum):
    """Circumstances that rules ask for: which deadline holds, who must come (B, C2, C3)."""

    RISK_NOW = "risk_now"
    SERIOUS_HARM = "serious_harm"
    PENETRATIVE_SEXUAL_ABUSE = "penetrative_sexual_abuse"
    FORENSIC_EVIDENCE = "forensic_evidence"
    IMMEDIATE_ACTION = "immediate_action"
    COMPLEX = "complex"
    IN_HOSPITAL = "in_hospital"
    MEDICAL_EXAMINATION = "medical_examination"
    PROBATION = "probation"
    HOUSING = "housing"
    YOUTH_OFFENDING = "youth_offending"
    EARLY_HELP = "early_help"

    @property
    def label(self) -> str:
        return {
            "risk_now": "May be at risk now, the referrer said",
            "serious_harm": "Serious risk of harm, for example a serious injury or serious neglect",
            "penetrative_sexual_abuse": "Allegation of penetrative sexual abuse",
            "forensic_evidence": "Forensic evidence needs to be secured",
            "immediate_action": "An agency has had to take immediate action",
            "complex": "Particularly complex, for example organised abuse",
            "in_hospital": "A child is in hospital",
            "medical_examination": "A medical examination took place or may be needed",
            "probation": "Probation works with somebody in the household",
            "housing": "Housing is involved",
            "youth_offending": "The youth offending service is involved",
            "early_help": "Early help is involved",
        }[self.value]


class ConsentState(enum.Enum):
    GIVEN = "given"
    REFUSED = "refused"
    NOT_SOUGHT = "not_sought"
    OVERRIDDEN = "overridden"

    @property
    def label(self) -> str:
        return {
            "given": "Consent given",
            "refused": "Consent refused",
            "not_sought": "Consent not sought",
            "overridden": "Consent overridden",
        }[self.value]


class RatingStage(enum.Enum):
    """When a rating was given (A5; HO2014 Sandwell, Camden)."""

    BEFORE = "before"
    AFTER = "after"

    @property
    def label(self) -> str:
        return {"before": "Before information gathering", "after": "After information gathering"}[
            self.value
        ]


class ReferralState(enum.Enum):
    RECEIVED = "received"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Involvement:
    """Somebody in the directory who works with a child (A2, C2)."""

    professional_id: int
    actively_involved: bool = True
    lead: bool = False


@dataclass(frozen=True, slots=True)
class ChildGiven:
    """A child as typed. Empty text means not known; `same_as` is the reference of the known child
    that a person said this is, None for a child who is new here (A3)."""

    given_name: str
    family_name: str
    date_of_birth: date | None = None
    due_date: date | None = None
    gender: str = ""
    ethnicity: str = ""
    religion: str = ""
    first_language: str = ""
    needs_interpreter: bool = False
    disability: str = ""
    looked_after: bool = False
    address: str = ""
    case_reference: str = ""
    # Who works with the child but is not in the directory, as typed.
    school_typed: str = ""
    gp_typed: str = ""
    health_typed: str = ""
    same_as: str | None = None
    # The name and date typed here are right, those held so far are not.
    corrects_known: bool = False
    professionals: tuple[Involvement, ...] = ()


@dataclass(frozen=True, slots=True)
class AdultGiven:
    name: str
    relationship_to_child: str
    parental_responsibility: bool = False
    in_household: bool = False
    alleged_perpetrator: bool = False
    under_18: bool = False
    employer_id: int | None = None
    employer_typed: str | None = None  # where that is not in the directory


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A state of consent as typed (A4)."""

    state: ConsentState
    lawful_basis: LawfulBasis | None = None
    reason: str = ""
    family_told: bool = False
    family_told_note: str = ""


CHILD_PROTECTION = ConsentGiven(
    ConsentState.NOT_SOUGHT,
    LawfulBasis.SIGNIFICANT_HARM,
    "Child protection: significant harm is suspected, so consent is not required.",
)


@dataclass(frozen=True, slots=True)
class Intake:
    """A referral as typed, ready to be entered (A1, A2, A4, A5). Moments are aware."""

    received_at: datetime
    channel: Channel
    children: tuple[ChildGiven, ...]
    source_agency_id: int | None = None
    # The name of a source that is not in the directory yet.
    source_agency_name: str = ""
    source_agency_kind: AgencyKind | None = None
    referrer_name: str = ""
    referrer_role: str = ""
    referrer_email: str = ""
    referrer_telephone: str = ""
    referrer_professional_id: int | None = None
    concerns: tuple[Concern, ...] = ()
    flags: frozenset[Flag] = frozenset()
    narrative: str = ""
    domestic_abuse: DomesticAbuseRisk | None = None
    rating: Rating | None = None
    rating_reason: str = ""
    identified_at: datetime | None = None
    immediate_action_at: datetime | None = None
    hospital: str = ""
    ward_id: int | None = None
    consent: ConsentGiven | None = None
    adults: tuple[AdultGiven, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ConcernsGiven:
    """What the referral is about, as changed later."""

    concerns: tuple[Concern, ...]
    flags: frozenset[Flag]
    narrative: str
    domestic_abuse: DomesticAbuseRisk | None = None
    identified_at: datetime | None = None
    immediate_action_at: datetime | None = None
    hospital: str = ""


class ChangedMeanwhile(Exception):
    """Somebody else changed the same thing first: theirs is in the database, this is not."""
