"""Which deadline holds: rules are data, the choice between them is here, and it is pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.clock import london_date, words_for_moment
from app.protocols.types import (
    AlsoApplied,
    Clock,
    ClockError,
    Condition,
    Due,
    Facts,
    Force,
    Kind,
    Protocol,
    Rule,
    StartFact,
    Unit,
)
from app.protocols.wording import CLOCK_LABELS, rule_summary
from app.protocols.working_days import (
    LAST_KNOWN_DAY,
    BankHolidaysUnknown,
    add_working_days,
    add_working_hours,
    end_of_day,
    in_words,
    this_or_next_working_day,
)

# An open case has no referral: there the concern itself starts the clock, but only these two.
IDENTIFIED_STANDS_IN = frozenset({Clock.STRATEGY_DISCUSSION, Clock.ASSESSMENT})


@dataclass(frozen=True, slots=True)
class _Applied:
    """A rule that holds for the facts, with its due or the soonest moment it could be due."""

    rule: Rule
    start_fact: StartFact
    start_at: datetime
    stands_in: bool
    due_at: datetime
    known: bool


def clocks(protocol: Protocol, facts: Facts) -> dict[Clock, Due | ClockError]:
    """Every clock that runs for these facts, in the order of the work.

    Within one clock the earliest exception that holds sets the deadline, else the earliest
    standard rule; on a tie the rule listed first. A rule counts only if one of its start facts
    exists. A clock that needs unpublished bank holidays gives a ClockError for itself alone.
    Times are UTC. Sources: those of the rules, see `Due.source`.
    """
    answers: dict[Clock, Due | ClockError] = {}
    for clock in Clock:
        applied = [
            found
            for rule in protocol.rules
            if rule.clock is clock and holds(rule.when, facts)
            if (found := _apply(rule, facts)) is not None
        ]
        if applied:
            answers[clock] = _choose(clock, applied)
    return answers


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether everything that a condition names is true of the facts."""
    return (
        condition.flags <= facts.flags
        and condition.rag in (None, facts.rag)
        and condition.domestic_abuse in (None, facts.domestic_abuse)
    )


def due_from(rule: Rule, start: datetime) -> datetime:
    """When a rule that starts at an aware moment falls due, in UTC.

    Elapsed hours are counted in UTC, so a change of the clocks neither lengthens nor shortens
    them; days are days in London. Raises BankHolidaysUnknown outside the published years.
    """
    return due_after(rule.unit, rule.within, start)


def due_after(unit: Unit, within: int | None, start: datetime) -> datetime:
    """When so much time is over, in UTC, counted as `due_from` says.

    Raises BankHolidaysUnknown outside the published years, ValueError for a unit that needs a
    number and has none.
    """
    start = start.astimezone(UTC)
    day = london_date(start)
    if unit is Unit.SAME_DAY:
        return end_of_day(day)
    if unit is Unit.SAME_DAY_OR_NEXT_WORKING_DAY:
        return end_of_day(this_or_next_working_day(day))
    if within is None:
        raise ValueError(f"{unit} is counted and needs a number")
    if unit is Unit.HOURS:
        return start + timedelta(hours=within)
    if unit is Unit.DAYS:
        return end_of_day(day + timedelta(days=within))
    if unit is Unit.WORKING_DAYS:
        return end_of_day(add_working_days(day, within))
    return add_working_hours(start, within)


def limit_of(due: Due) -> datetime | None:
    """The hard limit of a deadline (UTC): itself, or the next limit behind a target or plan.

    None where the protocol has no limit for this clock. Rules that an exception set aside do
    not count.
    """
    limits = [
        other.due_at
        for other in due.also
        if other.force is Force.LIMIT and not other.set_aside and other.due_at is not None
    ]
    if due.force is Force.LIMIT:
        limits.append(due.due_at)
    return min(limits, default=None)


def _start(rule: Rule, facts: Facts) -> tuple[StartFact, datetime, bool] | None:
    """The first start fact that exists; True at the end where identified stands in."""
    for fact in rule.start:
        moment = facts.at(fact)
        if moment is not None:
            return fact, moment, False
    if (
        facts.identified_at is not None
        and StartFact.RECEIVED_AT in rule.start
        and rule.clock in IDENTIFIED_STANDS_IN
    ):
        return StartFact.IDENTIFIED_AT, facts.identified_at, True
    return None


def _apply(rule: Rule, facts: Facts) -> _Applied | None:
    start = _start(rule, facts)
    if start is None:
        return None
    fact, moment, stands_in = start
    try:
        return _Applied(rule, fact, moment, stands_in, due_from(rule, moment), known=True)
    except BankHolidaysUnknown as unknown:
        return _Applied(rule, fact, moment, stands_in, unknown.earliest, known=False)


def _choose(clock: Clock, applied: list[_Applied]) -> Due | ClockError:
    exceptions = [one for one in applied if one.rule.kind is Kind.EXCEPTION]
    # min keeps the first of equals, which is the rule listed first.
    first = min(exceptions or applied, key=lambda one: one.due_at)
    if not first.known:
        return ClockError(clock, _unknown(first.rule))
    rule = first.rule
    others = [one for one in applied if one is not first]
    return Due(
        clock=clock,
        due_at=first.due_at,
        rule=rule.id,
        kind=rule.kind,
        force=rule.force,
        label=rule.label or CLOCK_LABELS[clock],
        summary=rule_summary(rule, first.start_fact),
        reason=_reason(first, others),
        source=rule.source,
        document=rule.document,
        start_fact=first.start_fact,
        start_at=first.start_at,
        also=tuple(_also(one, set_aside_by=rule) for one in others),
    )


def _also(one: _Applied, set_aside_by: Rule) -> AlsoApplied:
    rule = one.rule
    return AlsoApplied(
        rule=rule.id,
        kind=rule.kind,
        force=rule.force,
        source=rule.source,
        summary=rule_summary(rule, one.start_fact),
        set_aside=rule.kind is Kind.STANDARD and set_aside_by.kind is Kind.EXCEPTION,
        due_at=one.due_at if one.known else None,
        error=None if one.known else _unknown(rule),
    )


def _reason(chosen: _Applied, others: list[_Applied]) -> str:
    """Full sentences: what the rule says, what it was counted from, why it and no other."""
    summary = rule_summary(chosen.rule, chosen.start_fact)
    sentences = [
        chosen.rule.reason,
        f"Here that is {summary}: {words_for_moment(chosen.start_at)}.",
    ]
    if chosen.stands_in:
        sentences.append(
            "It does not count from a referral, so the time when the concern was identified "
            "stands in."
        )
    rivals = [one.rule.id for one in others if one.rule.kind is chosen.rule.kind]
    set_aside = [one.rule.id for one in others if one.rule.kind is not chosen.rule.kind]
    if rivals:
        sentences.append(f"It is not later than {_listed(rivals)}, which also applied.")
    if set_aside:
        sentences.append(f"It is an exception and goes before {_listed(set_aside)}.")
    return " ".join(sentences)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _unknown(rule: Rule) -> str:
    return (
        f"The rule {rule.id} needs bank holidays outside the years that are known "
        f"(published by GOV.UK to {in_words(LAST_KNOWN_DAY)}): "
        "work out this deadline by hand, and update this product once GOV.UK publishes them."
    )
