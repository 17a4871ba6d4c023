"""What follows a discussion, by when, and what may be noted: pure (F8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.core.clock import london_date, words_for_moment
from app.core.refusal import Refused
from app.meetings.after.types import (
    Conference,
    ConferenceOutcome,
    Decided,
    EnquiryOutcome,
    Noted,
    Pending,
    Standing,
    Step,
)
from app.meetings.discussion.due_words import DueUnclear, parse_moment
from app.protocols.working_days import (
    BankHolidaysUnknown,
    add_working_days,
    end_of_day,
    is_working_day,
)

# The answers from which something follows; keys of app.meetings.discussion.child_questions.
FOLLOWED = frozenset(
    {"section_47", "conference", "quality_told", "assessment", "next_discussion",
     "next_discussion_at"}
)  # fmt: skip
CHOICES: Mapping[Step, tuple[tuple[str, str], ...]] = {
    Step.CONFERENCE: tuple(
        (one.value, one.label) for one in (Conference.REQUIRED, Conference.NOT_NEEDED)
    ),
    Step.HELD: tuple((one.value, one.label) for one in ConferenceOutcome),
    Step.ENQUIRY: tuple((one.value, one.label) for one in EnquiryOutcome),
}
# Which steps say why: always, or only where a date misses its limit.
NEEDS_REASON = frozenset({Step.CONFERENCE, Step.ENQUIRY})
# What may have been done since the enquiry began, whatever a later discussion about it said.
OF_THE_ENQUIRY = frozenset(
    {Step.BEGAN, Step.QUALITY, Step.REFERRAL, Step.BOOKING, Step.HELD, Step.ASSESSMENT}
)  # fmt: skip
# An enquiry takes weeks; what is said to have begun longer ago is a mistyped year.
LONGEST_ENQUIRY = timedelta(days=731)


def decided_in(answers: Mapping[str, str], ended_at: datetime) -> Decided:
    """What follows from one child's answers in a discussion that ended then. Source: BROMLEY 1-3.

    A moment that was written in words nobody can read as one counts as not given.
    """
    conference = answers.get("conference", "")
    days = answers.get("assessment", "")
    planned = answers.get("next_discussion") == "planned"
    return Decided(
        enquiry_runs=answers.get("section_47") in ("started", "continued"),
        started_here=answers.get("section_47") == "started",
        conference=Conference(conference) if conference else None,
        quality_told_at=_moment(answers.get("quality_told", ""), ended_at),
        assessment_days=int(days) if days.isascii() and days.isdigit() else None,
        review_at=_moment(answers.get("next_discussion_at", ""), ended_at) if planned else None,
    )


def assessment_due(limit: datetime | None, days: int | None, start: datetime) -> datetime | None:
    """By when the assessment is complete: the days agreed for this child, counted from the start
    of the limit's clock, and never later than the limit (BROMLEY 3)."""
    if days is None:
        return limit
    try:
        agreed = end_of_day(add_working_days(london_date(start), days))
    except BankHolidaysUnknown:
        return limit
    return agreed if limit is None else min(agreed, limit)


def pending(one: Standing) -> list[Pending]:
    """What is still to be done for a child, the first due first.

    The quality service is told at the point where a conference is thought likely (BROMLEY 1). The
    enquiry's outcome has to be known before the conference, so it falls due with it (Working
    Together to Safeguard Children). What has no clock of its own falls due with what it serves.
    """
    found: list[Pending] = []
    conference_by = one.icpc_due_at or one.icpc_referral_due_at or one.ended_at
    if one.conference in (Conference.LIKELY, Conference.REQUIRED) and not one.quality_told_at:
        found.append(Pending(Step.QUALITY, one.ended_at))
    if one.conference is Conference.LIKELY:
        found.append(Pending(Step.CONFERENCE, conference_by))
    if one.conference is Conference.REQUIRED and one.icpc_held_at is None:
        if one.icpc_referred_at is None:
            found.append(Pending(Step.REFERRAL, one.icpc_referral_due_at or one.ended_at))
        if one.icpc_booked_for is None:
            found.append(Pending(Step.BOOKING, conference_by))
        else:
            found.append(Pending(Step.HELD, one.icpc_booked_for))
    if one.enquiry_runs and one.enquiry_outcome is None:
        found.append(Pending(Step.ENQUIRY, one.icpc_due_at or one.assessment_due_at
                             or one.ended_at))  # fmt: skip
    if one.assessment_runs and one.assessment_completed_at is None and one.assessment_due_at:
        found.append(Pending(Step.ASSESSMENT, one.assessment_due_at))
    if one.review_at is not None and one.review_held_at is None:
        found.append(Pending(Step.REVIEW, one.review_at))
    order = list(Step)
    return sorted(found, key=lambda each: (each.due_at, order.index(each.step)))


def open_to(one: Standing, step: Step) -> bool:
    """Whether this may be noted, or put right, now: a step that waits, or one that was noted and
    on which nothing rests yet."""
    conference_runs = one.conference is Conference.REQUIRED
    match step:
        case Step.BEGAN:
            return one.enquiry_from_elsewhere
        case Step.QUALITY:
            return one.conference in (Conference.LIKELY, Conference.REQUIRED)
        case Step.CONFERENCE:
            return one.icpc_held_at is None
        case Step.REFERRAL | Step.BOOKING:
            return conference_runs and one.icpc_held_at is None
        case Step.HELD:
            return conference_runs and one.icpc_booked_for is not None
        case Step.ENQUIRY:
            return one.enquiry_runs
        case Step.ASSESSMENT:
            return one.assessment_runs
        case Step.REVIEW:
            return one.review_at is not None


def check_noted(step: Step, noted: Noted, one: Standing, now: datetime) -> None:
    """Raise Refused (fields `page`, `choice`, `reason`, `at`) for what cannot be noted so.

    A conference is kept for a working day (the children in need census takes no weekend), and one
    after its limit needs a reason. Everything else has happened, and not before the discussion
    ended; the quality service may have been told before that, and a conference asked for while
    everybody was still on the line. An enquiry that a discussion continues began before it.
    """
    if not open_to(one, step):
        raise Refused("page", "That is not open any more: see how it stands on this page")
    choices = CHOICES.get(step)
    if choices and noted.choice not in {value for value, _ in choices}:
        raise Refused("choice", "Choose one of these")
    if step is Step.BOOKING:
        _check_date(noted, one)
        return
    if noted.at > now:
        raise Refused("at", "That is still to come: note it when it has happened")
    if step is Step.BEGAN:
        _check_began(noted, one)
        return
    if noted.at < _earliest(step, one):
        if step is Step.REFERRAL and one.began_at is not None:
            began = words_for_moment(one.began_at)
            raise Refused("at", f"The discussion began on {began}: enter a later moment")
        ended = words_for_moment(one.ended_at)
        raise Refused("at", f"The discussion ended on {ended}: enter a later moment")
    if step in NEEDS_REASON and not noted.reason:
        raise Refused("reason", "Say why")


def _earliest(step: Step, one: Standing) -> datetime:
    if step is Step.QUALITY:
        return one.ended_at - timedelta(days=1)
    if step is Step.REFERRAL and one.began_at is not None:
        return one.began_at.replace(second=0, microsecond=0)  # a form gives whole minutes
    return one.ended_at


def _check_began(noted: Noted, one: Standing) -> None:
    began_at = one.began_at or one.ended_at
    if noted.at > began_at:
        raise Refused(
            "at",
            f"The discussion that continued it began on {words_for_moment(began_at)}: enter an "
            "earlier moment",
        )
    if began_at - noted.at > LONGEST_ENQUIRY:
        raise Refused(
            "at", "That is more than two years before this discussion: check the day and the year"
        )


def is_after_limit(booked_for: datetime, due_at: datetime | None) -> bool:
    """Whether a conference is kept for a day after the 15 working days."""
    return due_at is not None and booked_for > due_at


def _check_date(noted: Noted, one: Standing) -> None:
    if noted.at < one.ended_at:
        raise Refused("at", "That is before the discussion: enter the day of the conference")
    try:
        working = is_working_day(london_date(noted.at))
    except BankHolidaysUnknown as error:
        raise Refused("at", f"{error} Enter the year again.") from error
    if not working:
        raise Refused(
            "at", "That is a weekend or a bank holiday: a conference is held on a working day"
        )
    if is_after_limit(noted.at, one.icpc_due_at) and not noted.reason:
        assert one.icpc_due_at is not None
        raise Refused(
            "reason",
            f"That is after the limit, {words_for_moment(one.icpc_due_at)}: choose an earlier day, "
            "or say why it cannot be kept",
        )


def _moment(words: str, said_at: datetime) -> datetime | None:
    if not words:
        return None
    try:
        return parse_moment(words, said_at)
    except DueUnclear:
        return None
