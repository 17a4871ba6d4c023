"""What waits for somebody, as the first page shows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from app.meetings.after.types import Step


class WorkKind(enum.Enum):
    """A thing to do. The value is also its name in the query."""

    AT_RISK = "at_risk"
    TAKE_IN = "take_in"
    DECIDE_NOW = "decide_now"
    DECIDE = "decide"
    ALLOCATE = "allocate"
    NOT_TAKEN_ON = "not_taken_on"
    ALLOCATED = "allocated"
    ANSWERS_IN = "answers_in"
    HOLD_MEETING = "hold_meeting"
    RATE_AGAIN = "rate_again"
    SETTLE_RATING = "settle_rating"
    AGENCY_LATE = "agency_late"
    ANSWERED_SINCE = "answered_since"
    LIST_TODAY = "list_today"
    ABUSE = "abuse"
    REPLACE = "replace"
    BOOK_AGAIN = "book_again"
    BOOK = "book"
    UNDER_WAY = "under_way"
    SIGN = "sign"
    CIRCULATE = "circulate"
    DISAGREE = "disagree"
    MAIL = "mail"
    REQUEST_MAIL = "request_mail"
    LETTER_MAIL = "letter_mail"
    FORM_MAIL = "form_mail"
    NOTICE_MAIL = "notice_mail"
    COPY = "copy"
    CHASE = "chase"
    TELL_QUALITY = "tell_quality"
    DECIDE_CONFERENCE = "decide_conference"
    REFER_CONFERENCE = "refer_conference"
    KEEP_CONFERENCE = "keep_conference"
    NOTE_CONFERENCE = "note_conference"
    END_ENQUIRY = "end_enquiry"
    END_ASSESSMENT = "end_assessment"
    NOTE_REVIEW = "note_review"
    RETENTION = "retention"

    @property
    def words(self) -> str:
        return {
            "at_risk": "May be at risk now: take in what came by the form",
            "take_in": "Take in what came by the form",
            "decide_now": "May be at risk now: decide on the referral",
            "decide": "Decide on the referral",
            "allocate": "Allocate the referral to a social worker at once",
            "not_taken_on": "Allocated, and not taken on yet: ask, or allocate it to another",
            "allocated": "Allocated to you: say that you have it",
            "answers_in": "Read the answers, then decide on the referral",
            "hold_meeting": "Read the answers, then hold the meeting on the referral",
            "rate_again": "Read the answers, then rate the referral again",
            "agency_late": "An agency is late: chase it, or go on without it",
            "settle_rating": "A rating is disagreed with: settle it",
            "answered_since": "An agency answered after the decision: read it",
            "list_today": "Go through the list of today",
            "abuse": "Discuss or screen the domestic abuse case",
            "replace": "Cancelled: say what follows",
            "book_again": "Cancelled: book it again, or say that none is needed",
            "book": "Book the strategy discussion",
            "under_way": "Discussion under way",
            "sign": "Complete and sign the record",
            "circulate": "Circulate the record",
            "disagree": "Resolve the disagreement, or take it to the next step",
            "mail": "A message did not arrive",
            "request_mail": "A request for information did not arrive",
            "letter_mail": "A letter about a referral did not arrive",
            "form_mail": "A mail to somebody who uses the public form did not arrive",
            "notice_mail": (
                "The early notice to the quality service did not arrive: tell them on the telephone"
            ),
            "copy": "A copy of the record could not be made",
            "chase": "Chase the form that was sent",
            "tell_quality": Step.QUALITY.label,
            "decide_conference": Step.CONFERENCE.label,
            "refer_conference": Step.REFERRAL.label,
            "keep_conference": Step.BOOKING.label,
            "note_conference": Step.HELD.label,
            "end_enquiry": Step.ENQUIRY.label,
            "end_assessment": Step.ASSESSMENT.label,
            "note_review": Step.REVIEW.label,
            "retention": "Review a closed case: its time is over",
        }[self.value]


# What follows a discussion, by the step that comes next (F8).
FOLLOWS: dict[WorkKind, Step] = {
    WorkKind.TELL_QUALITY: Step.QUALITY,
    WorkKind.DECIDE_CONFERENCE: Step.CONFERENCE,
    WorkKind.REFER_CONFERENCE: Step.REFERRAL,
    WorkKind.KEEP_CONFERENCE: Step.BOOKING,
    WorkKind.NOTE_CONFERENCE: Step.HELD,
    WorkKind.END_ENQUIRY: Step.ENQUIRY,
    WorkKind.END_ASSESSMENT: Step.ASSESSMENT,
    WorkKind.NOTE_REVIEW: Step.REVIEW,
}


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. `due_at` is empty where something failed and wants a look at once."""

    kind: WorkKind
    ref: str
    due_at: datetime | None
    waits_on_others: bool
    state: str  # calm, soon, late
    state_text: str
    left_text: str
    children: tuple[str, ...]
    href: str
    details: tuple[str, ...] = ()
    risk: str = ""  # of a domestic abuse case; nothing else of the list stands here (IMAP 5)


@dataclass(frozen=True, slots=True)
class Coming:
    """A booked discussion that lies ahead."""

    ref: str
    starts_at: datetime
    chair: str
    format: str
    late: bool  # booked after its deadline: the manager sees it (C7)
    answered: int | None  # not of a hidden one
    invited: int
    children: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class OpenAction:
    ref: str
    what: str
    owner: str
    due_at: datetime
    state: str
    left_text: str
    href: str
