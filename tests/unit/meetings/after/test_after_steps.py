"""What follows a discussion, by when, and what may be noted (F8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.refusal import Refused
from app.meetings.after.rules import assessment_due, check_noted, decided_in, open_to, pending
from app.meetings.after.types import (
    Conference,
    ConferenceOutcome,
    EnquiryOutcome,
    Noted,
    Standing,
    Step,
)
from tests.clock import FRIDAY

DAY = timedelta(days=1)
ENQUIRY = Standing(
    ended_at=FRIDAY,
    enquiry_runs=True,
    enquiry_outcome=None,
    conference=Conference.REQUIRED,
    quality_told_at=FRIDAY,
    icpc_referred_at=None,
    icpc_booked_for=None,
    icpc_held_at=None,
    assessment_runs=True,
    assessment_completed_at=None,
    review_at=None,
    review_held_at=None,
    icpc_referral_due_at=FRIDAY + DAY,
    icpc_due_at=FRIDAY + 21 * DAY,
    assessment_due_at=FRIDAY + 60 * DAY,
)
MONDAY = FRIDAY + 3 * DAY


def steps(one):
    return [each.step for each in pending(one)]


def test_a_conference_that_is_required_is_referred_kept_and_held_and_the_enquiry_ends():
    assert steps(ENQUIRY) == [Step.REFERRAL, Step.BOOKING, Step.ENQUIRY, Step.ASSESSMENT]
    kept = replace(ENQUIRY, icpc_referred_at=FRIDAY, icpc_booked_for=FRIDAY + 14 * DAY)
    assert steps(kept) == [Step.HELD, Step.ENQUIRY, Step.ASSESSMENT]
    ended = replace(
        kept,
        icpc_held_at=FRIDAY,
        enquiry_outcome=EnquiryOutcome.CONTINUING_RISK,
        assessment_completed_at=FRIDAY,
    )
    assert steps(ended) == []


def test_the_quality_service_is_told_at_once_where_a_conference_is_likely():
    likely = replace(ENQUIRY, conference=Conference.LIKELY, quality_told_at=None)
    first = pending(likely)[0]
    assert (first.step, first.due_at) == (Step.QUALITY, FRIDAY)
    assert Step.CONFERENCE in steps(likely)
    assert steps(replace(likely, conference=Conference.NOT_NEEDED)) == [
        Step.ENQUIRY,
        Step.ASSESSMENT,
    ]


def test_a_review_waits_until_it_is_held():
    one = replace(ENQUIRY, review_at=FRIDAY + DAY / 2)
    assert steps(one)[0] is Step.REVIEW
    assert Step.REVIEW not in steps(replace(one, review_held_at=FRIDAY))


def test_what_the_discussion_said_in_words_becomes_dates():
    said = decided_in(
        {
            "section_47": "started",
            "conference": "likely",
            "quality_told": "Friday 20 November 2026 at 4:10 pm",
            "assessment": "20",
            "next_discussion": "planned",
            "next_discussion_at": "Friday 27 November 2026 at 10:00 am",
        },
        FRIDAY,
    )
    assert said.enquiry_runs and said.started_here and said.conference is Conference.LIKELY
    assert said.quality_told_at == datetime(2026, 11, 20, 16, 10, tzinfo=UTC)
    assert (said.assessment_days, said.review_at) == (
        20,
        datetime(2026, 11, 27, 10, 0, tzinfo=UTC),
    )
    empty = decided_in({"section_47": "not_started", "quality_told": "some time"}, FRIDAY)
    assert (empty.enquiry_runs, empty.conference, empty.quality_told_at) == (False, None, None)
    continued = decided_in({"section_47": "continued"}, FRIDAY)
    assert continued.enquiry_runs and not continued.started_here


def test_the_days_agreed_for_a_child_never_lengthen_the_limit():
    limit = FRIDAY + 60 * DAY
    assert assessment_due(limit, 5, FRIDAY) == datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC)
    assert assessment_due(FRIDAY + DAY, 5, FRIDAY) == FRIDAY + DAY
    assert assessment_due(limit, None, FRIDAY) == limit


@pytest.mark.parametrize(
    ("step", "noted", "field"),
    [
        (Step.REFERRAL, Noted(FRIDAY + 5 * DAY), "at"),  # still to come
        (Step.REFERRAL, Noted(FRIDAY - DAY), "at"),
        (Step.QUALITY, Noted(FRIDAY - 2 * DAY), "at"),
        (Step.BOOKING, Noted(FRIDAY + DAY), "at"),  # a Saturday
        (Step.BOOKING, Noted(datetime(2026, 12, 25, 10, tzinfo=UTC), reason="x"), "at"),
        (Step.BOOKING, Noted(FRIDAY - DAY), "at"),
        (Step.BOOKING, Noted(FRIDAY + 24 * DAY), "reason"),  # after the limit
        (Step.ENQUIRY, Noted(MONDAY, "", "why"), "choice"),
        (Step.ENQUIRY, Noted(MONDAY, "continuing_risk"), "reason"),
        (Step.CONFERENCE, Noted(MONDAY, "not_needed"), "reason"),
        (Step.HELD, Noted(MONDAY, "plan"), "page"),  # no date was kept
        (Step.REVIEW, Noted(MONDAY), "page"),
    ],
)
def test_what_cannot_be_so_is_refused_by_its_field(step, noted, field):
    with pytest.raises(Refused) as refusal:
        check_noted(step, noted, ENQUIRY, MONDAY)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("step", "noted"),
    [
        (Step.REFERRAL, Noted(MONDAY)),
        (Step.QUALITY, Noted(FRIDAY - DAY / 24)),
        (Step.BOOKING, Noted(MONDAY)),
        (Step.BOOKING, Noted(FRIDAY + 24 * DAY, reason="The family is away until then.")),
        (Step.ENQUIRY, Noted(MONDAY, "continuing_risk", "What was seen on the visit.")),
        (Step.ASSESSMENT, Noted(MONDAY)),
    ],
)
def test_what_happened_is_taken(step, noted):
    check_noted(step, noted, ENQUIRY, MONDAY)


def test_a_conference_may_be_asked_for_while_everybody_is_still_on_the_line():
    began = FRIDAY - timedelta(minutes=40, seconds=-17)
    there = replace(ENQUIRY, began_at=began)
    check_noted(Step.REFERRAL, Noted(FRIDAY - timedelta(minutes=40)), there, MONDAY)
    with pytest.raises(Refused, match="The discussion began on") as refusal:
        check_noted(Step.REFERRAL, Noted(FRIDAY - timedelta(minutes=41)), there, MONDAY)
    assert refusal.value.field == "at"
    with pytest.raises(Refused, match="The discussion ended on"):
        check_noted(Step.ASSESSMENT, Noted(FRIDAY - timedelta(minutes=1)), there, MONDAY)


def test_a_conference_that_was_held_can_be_put_right_and_not_decided_away():
    held = replace(ENQUIRY, icpc_booked_for=FRIDAY, icpc_held_at=FRIDAY)
    assert open_to(held, Step.HELD) and not open_to(held, Step.CONFERENCE)
    assert not open_to(held, Step.BOOKING)
    check_noted(Step.HELD, Noted(MONDAY, ConferenceOutcome.PLAN.value), held, MONDAY)
