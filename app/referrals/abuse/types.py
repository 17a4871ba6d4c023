"""Domestic abuse in the field's words (A8)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.referrals.types import DomesticAbuseRisk


class PersonKind(enum.Enum):
    """Who somebody is in an incident."""

    CHILD = "child"
    HARMED = "harmed"
    PERPETRATOR = "perpetrator"

    @property
    def label(self) -> str:
        return {
            "child": "Child in the household",
            "harmed": "Adult harmed",
            "perpetrator": "Alleged perpetrator",
        }[self.value]


class Idva(enum.Enum):
    """What is known of support by an independent domestic violence adviser."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    IN_TOUCH = "in_touch"

    @property
    def label(self) -> str:
        return {
            "offered": "Offered, no answer yet",
            "accepted": "Accepted",
            "declined": "Declined",
            "in_touch": "An adviser is already in touch",
        }[self.value]


class Release(enum.Enum):
    """What lets the information leave the list (IMAP 5): (A) consent, (B) a safeguarding concern
    that raises a contact or referral."""

    CONSENT = "consent"
    CONCERN = "concern"

    @property
    def label(self) -> str:
        return {
            "consent": "Consent is given to share it",
            "concern": "A safeguarding concern: it becomes a referral without consent",
        }[self.value]


@dataclass(frozen=True, slots=True)
class PersonGiven:
    kind: PersonKind
    given_name: str
    family_name: str
    date_of_birth: date | None = None
    due_date: date | None = None  # of a baby not born yet

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class CaseGiven:
    """An incident as the police tell of it. `received_at` is an aware moment."""

    received_at: datetime
    risk: DomesticAbuseRisk | None
    account: str
    source_agency_id: int | None
    incident: str = ""
    address: str = ""
    people: tuple[PersonGiven, ...] = ()


@dataclass(frozen=True, slots=True)
class AssessmentGiven:
    """What is known of the risk and of the help. `dash_score` counts yes answers of the DASH
    checklist, 0 to 24; `marac_on` is the day of the referral on to the MARAC."""

    risk: DomesticAbuseRisk | None
    risk_reason: str = ""
    dash_score: int | None = None
    dash_by: str = ""
    idva: Idva | None = None
    idva_note: str = ""
    marac_on: date | None = None
    marac_note: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseGiven:
    """Consent or concern as recorded. `same_as` names known children by the place of the child on
    the case, counted from 0 (A3). `no_child` says that the consent is about adults alone."""

    kind: Release
    reason: str
    same_as: Mapping[int, str] = field(default_factory=dict)
    no_child: bool = False
