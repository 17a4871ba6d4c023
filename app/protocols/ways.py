"""How an area works between door and decision, as its protocol file says it (A4-A7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rating(StrEnum):
    """Red, amber, green; blue only where the area has it."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    BLUE = "blue"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Outcome(StrEnum):
    """What may become of a referral (A7; IMAP 3, 5)."""

    STRATEGY_DISCUSSION = "strategy_discussion"
    SECTION_17 = "section_17"
    EARLY_HELP = "early_help"
    TARGETED_SUPPORT = "targeted_support"
    UNIVERSAL_OFFER = "universal_offer"
    SHARE_INFORMATION = "share_information"
    SIGNPOST = "signpost"
    ADVICE = "advice"
    NO_FURTHER_ACTION = "no_further_action"

    @property
    def label(self) -> str:
        return {
            "section_17": "Section 17 assessment (child in need)",
            "targeted_support": "Targeted family support",
            "share_information": "Share information with an agency",
            "signpost": "Signpost to an agency",
        }.get(self.value, self.value.replace("_", " ").capitalize())


class Follows(StrEnum):
    """What a rating leads to."""

    SOCIAL_WORKER = "social_worker"  # at once, without waiting for checks
    CHECKS = "checks"
    MEETING = "meeting"
    DAILY_MEETING = "daily_meeting"
    INFORMATION_REQUEST = "information_request"  # answered; no referral


class After(StrEnum):
    """What the second rating comes after."""

    INFORMATION = "information"
    MEETING = "meeting"


class SettledBy(StrEnum):
    """Which of the product's roles records who settled a disagreement."""

    TRIAGE = "triage"
    CHAIR = "chair"


class ConsentSought(StrEnum):
    FIRST_CONTACT = "first_contact"
    BEFORE_SHARING = "before_sharing"


class LawfulBasis(StrEnum):
    """Why information may be shared without consent (IMAP 2; HO2014 Haringey, Bury)."""

    SIGNIFICANT_HARM = "significant_harm"
    CRIME = "crime"
    LEGAL_DUTY = "legal_duty"
    PUBLIC_TASK = "public_task"

    @property
    def label(self) -> str:
        return {
            "significant_harm": "Child protection: significant harm suspected, "
            "consent not required",
            "crime": "To prevent or detect a serious crime",
            "legal_duty": "A legal duty requires it",
            "public_task": "Necessary for a public task, and asking would put the child at risk",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Said:
    """Who says so: the sentence that people read, the citation and the title of its document."""

    reason: str
    source: str
    document: str


@dataclass(frozen=True, slots=True)
class RatedWay:
    """What a rating means in this area, in its own word, and what it leads to."""

    rating: Rating
    means: str
    follows: Follows | None
    said: Said


@dataclass(frozen=True, slots=True)
class SecondRating:
    """These ratings are given again, after information gathering or a meeting."""

    after: After
    ratings: tuple[Rating, ...]
    said: Said


@dataclass(frozen=True, slots=True)
class Settler:
    """One step of the order in which a disagreement over a rating is settled."""

    who: str
    roles: tuple[SettledBy, ...]
    said: Said


@dataclass(frozen=True, slots=True)
class ConsentWay:
    """When consent is sought, whether the family is told first, and the bases that lift both."""

    sought: ConsentSought
    told_first: bool
    unless: tuple[LawfulBasis, ...]
    said: Said


@dataclass(frozen=True, slots=True)
class OutcomeWay:
    """An outcome, the area's own name and level for it, and whether it needs consent."""

    outcome: Outcome
    name: str
    level: str
    consent: bool
    said: Said


@dataclass(frozen=True, slots=True)
class Ways:
    """Everything above of one area. An area's own tables stand in the place of the shared ones."""

    rated: tuple[RatedWay, ...] = ()
    second_rating: SecondRating | None = None
    settles: tuple[Settler, ...] = ()
    consent: ConsentWay | None = None
    outcomes: tuple[OutcomeWay, ...] = ()

    def of_rating(self, rating: Rating) -> RatedWay | None:
        """What this rating means here; None where the area's document does not say."""
        return next((one for one in self.rated if one.rating is rating), None)

    def of_outcome(self, outcome: Outcome) -> OutcomeWay | None:
        return next((one for one in self.outcomes if one.outcome is outcome), None)

    def over(self, shared: Ways) -> Ways:
        """These ways, and the shared ones where the area's file says nothing."""
        own = {one.outcome for one in self.outcomes}
        return Ways(
            rated=self.rated or shared.rated,
            second_rating=self.second_rating or shared.second_rating,
            settles=self.settles or shared.settles,
            consent=self.consent or shared.consent,
            outcomes=(
                *self.outcomes,
                *(one for one in shared.outcomes if one.outcome not in own),
            ),
        )
