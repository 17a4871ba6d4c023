"""What stands beside a decision on a referral (A7, A9, A12)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.referrals.types import Concern, ConsentGiven, Outcome


class FilterReason(enum.Enum):
    """Why something is no referral (A12; HO2014 Wiltshire, top tip 7)."""

    INFORMATION_REQUEST = "information_request"
    OTHER_AREA = "other_area"
    OPEN_CASE = "open_case"
    ADULT = "adult"
    ENTERED_TWICE = "entered_twice"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "information_request": "A request for information",
            "other_area": "The child lives in another area",
            "open_case": "For a case that is open already: passed to its social worker",
            "adult": "About an adult, no child concerned",
            "entered_twice": "Entered twice",
            "other": "Something else that is no referral",
        }[self.value]


# A9: what is referred on, each to its own panel, officer or agency.
ONWARD = (
    Concern.SEXUAL_EXPLOITATION,
    Concern.MISSING,
    Concern.CRIMINAL_EXPLOITATION,
    Concern.TRAFFICKING,
    Concern.FEMALE_GENITAL_MUTILATION,
    Concern.FABRICATED_ILLNESS,
    Concern.ALLEGATION_AGAINST_STAFF,
    Concern.ORGANISED_ABUSE,
)


class Decided(NamedTuple):
    """One decision on a referral; `at` is aware."""

    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Ground:
    """What a decision rests on beside its reason. `override` is the consent that the decision
    maker sets aside; `unseen` and `home_educated` put a universal offer first (IMAP 3)."""

    filtered: FilterReason | None = None
    override: ConsentGiven | None = None
    unseen: bool = False
    home_educated: bool = False


@dataclass(frozen=True, slots=True)
class OnwardGiven:
    """An onward referral as typed; `agency_id` or `to_name` says to whom."""

    about: Concern
    agency_id: int | None
    to_name: str
    reference: str
    note: str
    referred_at: datetime


NO_GROUND = Ground()
