"""Deadlines in words: days, times, countdowns and what a rule counts from."""

from __future__ import annotations

from datetime import datetime

from app.core.clock import words_for_span
from app.protocols.types import Clock, Force, Rule, StartFact, Unit

CLOCK_LABELS = {
    Clock.CONTACT_DECISION: "Decide on the contact by",
    Clock.INFORMATION_GATHERING: "Gather information by",
    Clock.DOMESTIC_ABUSE_DISCUSSION: "Discuss by",
    Clock.STRATEGY_DISCUSSION: "Hold the strategy discussion by",
    Clock.RECORD_CIRCULATED: "Circulate the record by",
    Clock.ICPC_REFERRAL: "Refer for the initial child protection conference by",
    Clock.ICPC_HELD: "Hold the initial child protection conference by",
    Clock.ASSESSMENT: "Complete the assessment by",
}

START_WORDS = {
    StartFact.RECEIVED_AT: "the referral was received",
    StartFact.IDENTIFIED_AT: "the concern was identified",
    StartFact.NEED_IDENTIFIED_AT: "the manager decided that a strategy discussion is needed",
    StartFact.IMMEDIATE_ACTION_AT: "an agency took immediate action",
    StartFact.MEETING_ENDED_AT: "the meeting ended",
    StartFact.SECTION47_STARTED_AT: "the discussion started the section 47 enquiry",
    StartFact.ICPC_DECIDED_AT: "it was decided that a conference is required",
}

FORCE_WORDS = {
    Force.LIMIT: "Limit",
    Force.TARGET: "Target: the source says in most cases",
    Force.PLAN: "Plan: the source says it is intended",
}

# unit: (for one, for several)
COUNTED = {
    Unit.HOURS: ("hour", "hours"),
    Unit.DAYS: ("day", "days"),
    Unit.WORKING_DAYS: ("working day", "working days"),
    Unit.WORKING_HOURS: ("working hour", "working hours"),
}


def amount(number: int, one: str, several: str) -> str:
    """1 hour, 2 hours."""
    return f"{number} {one if number == 1 else several}"


def time_left(due_at: datetime, now: datetime) -> str:
    """How long is left, or how late it is: 2 hours 10 minutes left, 3 hours late."""
    return f"{words_for_span(due_at - now)} {'late' if now > due_at else 'left'}"


def step_force_words(force: Force | None) -> str:
    """How binding the time of a step is; without a force it is nobody's but ours."""
    return FORCE_WORDS[force] if force else "Proposed: the source names no time"


def limit_in_words(unit: Unit, within: int | None) -> str:
    """How long a step may take: within 1 working day, on the same day."""
    if unit is Unit.SAME_DAY:
        return "on the same day"
    if unit is Unit.SAME_DAY_OR_NEXT_WORKING_DAY:
        return "on the same day, or the next working day if that is not one"
    if within is None:
        raise ValueError(f"{unit} is counted and needs a number")
    return f"within {amount(within, *COUNTED[unit])}"


def rule_summary(rule: Rule, start_fact: StartFact) -> str:
    """What a rule counts: within 3 working days after the concern was identified."""
    since = START_WORDS[start_fact]
    if rule.unit is Unit.SAME_DAY:
        return f"on the day when {since}"
    if rule.unit is Unit.SAME_DAY_OR_NEXT_WORKING_DAY:
        return f"on the day when {since}, or the next working day if that is not one"
    if rule.within is None:
        raise ValueError(f"rule {rule.id} counts {rule.unit} and needs a number")
    return f"within {amount(rule.within, *COUNTED[rule.unit])} after {since}"


def citation(source: str, document: str, between: str = ", ") -> str:
    """What a rule cites, with the title of the document: `BROMLEY 2, London Borough of ...`. A
    document that is cited by its own title is named once."""
    if not document or document.startswith(source):
        return document or source
    return f"{source}{between}{document}"
