"""What waits for somebody, as the first page shows it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.meetings.after.types import Step
from app.referrals.types import DomesticAbuseRisk

MOST = 25  # rows of a kind that a page shows


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
    LIST_LEFT = "list_left"
    ABUSE = "abuse"
    ASSESS_RISK = "assess_risk"
    REPLACE = "replace"
    BOOK_AGAIN = "book_again"
    SOONER = "sooner"
    BOOK = "book"
    NOT_BEGUN = "not_begun"
    UNTOLD = "untold"
    BOOKED_LATE = "booked_late"
    JOINED = "joined"
    NO_CHAIR = "no_chair"
    NO_QUORUM = "no_quorum"
    OVERTAKEN = "overtaken"
    UNDER_WAY = "under_way"
    SIGN = "sign"
    CIRCULATE = "circulate"
    RECALLED = "recalled"
    TELL_RECALLED = "tell_recalled"
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
    ASSESS = "assess"
    NOTE_REVIEW = "note_review"
    RETENTION = "retention"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    WorkKind.AT_RISK: "May be at risk now: take in what came by the form",
    WorkKind.TAKE_IN: "Take in what came by the form",
    WorkKind.DECIDE_NOW: "May be at risk now: decide on the referral",
    WorkKind.DECIDE: "Decide on the referral",
    WorkKind.ALLOCATE: "Allocate the referral to a social worker at once",
    WorkKind.NOT_TAKEN_ON: "Allocated, and not taken on yet: ask, or allocate it to another",
    WorkKind.ALLOCATED: "Allocated to you: say that you have it",
    WorkKind.ANSWERS_IN: "Read the answers, then decide on the referral",
    WorkKind.HOLD_MEETING: "Read the answers, then hold the meeting on the referral",
    WorkKind.RATE_AGAIN: "Read the answers, then rate the referral again",
    WorkKind.AGENCY_LATE: "An agency is late: chase it, or go on without it",
    WorkKind.SETTLE_RATING: "A rating is disagreed with: settle it",
    WorkKind.ANSWERED_SINCE: "An agency answered after the decision: read it",
    WorkKind.LIST_TODAY: "Go through the list of today",
    WorkKind.LIST_LEFT: "A list was left open: go through it, then end it",
    WorkKind.ABUSE: "Discuss or screen the domestic abuse case",
    WorkKind.ASSESS_RISK: "Risk of domestic abuse not known yet: assess it",
    WorkKind.REPLACE: "Cancelled: say what follows",
    WorkKind.BOOK_AGAIN: "Cancelled: book it again, or say that none is needed",
    WorkKind.SOONER: "It must be held earlier than was decided: take the earlier deadline",
    WorkKind.BOOK: "Book the strategy discussion",
    WorkKind.NOT_BEGUN: "Its time has passed: start it, move it, or record it as held",
    WorkKind.UNTOLD: "Telephone them: no letter reaches them",
    WorkKind.BOOKED_LATE: "Booked after its deadline: move it, or say why it stays",
    WorkKind.JOINED: (
        "A child joined the referral and is in no discussion: add them, or decide on another"
    ),
    WorkKind.NO_CHAIR: "The chair cannot take part: choose another",
    WorkKind.NO_QUORUM: "No quorum is expected: invite somebody else, or move it",
    WorkKind.OVERTAKEN: "Booked, and another took place at once: cancel it, or keep it",
    WorkKind.UNDER_WAY: "Discussion under way",
    WorkKind.SIGN: "Complete and sign the record",
    WorkKind.CIRCULATE: "Circulate the record",
    WorkKind.RECALLED: "Recalled: correct the record, or close it",
    WorkKind.TELL_RECALLED: "Recalled, and no letter tells them: telephone them",
    WorkKind.DISAGREE: "Resolve the disagreement, or take it to the next step",
    WorkKind.MAIL: "A message did not arrive",
    WorkKind.REQUEST_MAIL: "A request for information did not arrive",
    WorkKind.LETTER_MAIL: "A letter about a referral did not arrive",
    WorkKind.FORM_MAIL: "A mail to somebody who uses the public form did not arrive",
    WorkKind.NOTICE_MAIL: (
        "The early notice to the quality service did not arrive: tell them on the telephone"
    ),
    WorkKind.COPY: "A copy of the record could not be made",
    WorkKind.CHASE: "Chase the form that was sent",
    WorkKind.TELL_QUALITY: Step.QUALITY.label,
    WorkKind.DECIDE_CONFERENCE: Step.CONFERENCE.label,
    WorkKind.REFER_CONFERENCE: Step.REFERRAL.label,
    WorkKind.KEEP_CONFERENCE: Step.BOOKING.label,
    WorkKind.NOTE_CONFERENCE: Step.HELD.label,
    WorkKind.END_ENQUIRY: Step.ENQUIRY.label,
    WorkKind.END_ASSESSMENT: Step.ASSESSMENT.label,
    WorkKind.ASSESS: "Complete the section 17 assessment",
    WorkKind.NOTE_REVIEW: Step.REVIEW.label,
    WorkKind.RETENTION: "Review a closed case: its time is over",
}

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
    by_day: bool = False  # due on a day, and at no time of it


@dataclass(frozen=True, slots=True)
class Coming:
    """A booked discussion that lies ahead."""

    ref: str
    starts_at: datetime
    chair: str
    format: str
    late: bool  # booked after its deadline: the manager sees it (C7)
    answers: str  # not of a hidden one
    children: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class OpenAction:
    ref: str
    what: str
    owner: str
    due_at: datetime
    by_telephone: bool  # no letter reminds the owner
    state: str
    left_text: str
    href: str


class Since(enum.Enum):
    """What happened since a letter failed, in words; then it cannot be sent again."""

    NOTHING = ""
    CANCELLED = "The discussion is cancelled."
    UNDER_WAY = "The discussion is under way."
    OVER = "The discussion is over."
    REMOVED = "They are not asked any more."
    COLLEAGUE = "A colleague comes instead."
    WRONG_ADDRESS = "It was not their address."


class WorkRow(NamedTuple):
    """Something that waits, as it is read."""

    kind: WorkKind
    id: int
    ref: str
    due_at: datetime | None
    risk: DomesticAbuseRisk | None = None
