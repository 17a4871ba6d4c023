"""What follows a strategy discussion for each child, in the field's words (F8)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class Conference(enum.Enum):
    """Whether an initial child protection conference is needed (BROMLEY 1, 2)."""

    NOT_LIKELY = "not_likely"
    LIKELY = "likely"
    REQUIRED = "required"
    NOT_NEEDED = "not_needed"  # decided after the discussion

    @property
    def label(self) -> str:
        return {
            "not_likely": "Not likely",
            "likely": "Likely to be needed",
            "required": "Required",
            "not_needed": "Not needed after all",
        }[self.value]


class EnquiryOutcome(enum.Enum):
    """How a section 47 enquiry ends (Working Together to Safeguard Children)."""

    NOT_SUBSTANTIATED = "not_substantiated"
    NO_CONTINUING_RISK = "no_continuing_risk"
    CONTINUING_RISK = "continuing_risk"

    @property
    def label(self) -> str:
        return {
            "not_substantiated": "Concerns not substantiated",
            "no_continuing_risk": "Concerns substantiated, child not judged at continuing risk of "
            "significant harm",
            "continuing_risk": "Concerns substantiated, child judged at continuing risk of "
            "significant harm",
        }[self.value]


class ConferenceOutcome(enum.Enum):
    PLAN = "plan"
    NO_PLAN = "no_plan"

    @property
    def label(self) -> str:
        return {
            "plan": "The child became the subject of a child protection plan",
            "no_plan": "No child protection plan",
        }[self.value]


_TO_DO = {
    "began": "Note when the section 47 enquiry began",
    "quality": "Tell the quality service that a conference is likely",
    "conference": "Decide whether a conference is required",
    "referral": "Refer for the initial child protection conference",
    "booking": "Keep a date for the initial child protection conference",
    "held": "Note the initial child protection conference",
    "enquiry": "Note the outcome of the section 47 enquiry",
    "assessment": "Note that the assessment is complete",
    "review": "Note the next discussion or review",
}


class Step(enum.Enum):
    """One thing that follows. The order is that in which they come when two are due at once.

    `BEGAN` never waits: it may be noted where a discussion continued an enquiry unknown here.
    """

    BEGAN = "began"
    QUALITY = "quality"
    CONFERENCE = "conference"
    REFERRAL = "referral"
    BOOKING = "booking"
    HELD = "held"
    ENQUIRY = "enquiry"
    ASSESSMENT = "assessment"
    REVIEW = "review"

    @property
    def label(self) -> str:
        """What to do."""
        return _TO_DO[self.value]

    @property
    def done(self) -> str:
        """What was done, as the audit and the timeline say it."""
        return {
            "began": "noted when the section 47 enquiry began",
            "quality": "told the quality service",
            "conference": "decided on the conference",
            "referral": "referred for the conference",
            "booking": "kept a date for the conference",
            "held": "noted the conference",
            "enquiry": "ended the section 47 enquiry",
            "assessment": "completed the assessment",
            "review": "noted the review",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the discussion decided for one child, as far as something follows from it.

    `enquiry_runs`: a section 47 enquiry was started or continues; `started_here`: by this
    discussion, from which its clocks run. `assessment_days`: working days agreed for this child.
    """

    enquiry_runs: bool
    started_here: bool
    conference: Conference | None
    quality_told_at: datetime | None
    assessment_days: int | None
    review_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one child's matters stand: what was decided and noted, with the limits (all UTC)."""

    ended_at: datetime
    enquiry_runs: bool
    enquiry_outcome: EnquiryOutcome | None
    conference: Conference | None
    quality_told_at: datetime | None
    icpc_referred_at: datetime | None
    icpc_booked_for: datetime | None
    icpc_held_at: datetime | None
    assessment_runs: bool
    assessment_completed_at: datetime | None
    review_at: datetime | None
    review_held_at: datetime | None
    icpc_referral_due_at: datetime | None
    icpc_due_at: datetime | None
    assessment_due_at: datetime | None
    # When the discussion began that ended then; where it is not said, the end is taken.
    began_at: datetime | None = None
    # No discussion that is known here started the enquiry that runs.
    enquiry_from_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A step that is still to be done, with the moment by which (UTC)."""

    step: Step
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """What somebody notes on a step: when it was or will be, which way, and why."""

    at: datetime
    choice: str = ""
    reason: str = ""
