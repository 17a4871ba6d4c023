"""A protocol as people read it: every rule and list in words, with its source (B1, B2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.protocols.series import when_in_words
from app.protocols.types import (
    Clock,
    Condition,
    EscalationStep,
    Flag,
    KeptCase,
    KeptFrom,
    Kind,
    Protocol,
    RetentionRule,
    Rule,
    Series,
)
from app.protocols.ways_wording import Line, ways_in_words
from app.protocols.wording import (
    CLOCK_LABELS,
    FORCE_WORDS,
    START_WORDS,
    citation,
    limit_in_words,
    rule_summary,
    step_force_words,
)

FLAG_WORDS = {
    Flag.SERIOUS_HARM: "a serious risk of harm",
    Flag.PENETRATIVE_SEXUAL_ABUSE: "an allegation of penetrative sexual abuse",
    Flag.FORENSIC_EVIDENCE: "forensic evidence to be secured",
    Flag.IMMEDIATE_ACTION: "immediate action taken by an agency",
    Flag.COMPLEX: "particular complexity",
}
CASE_WORDS = {
    KeptCase.EVERY: "Every case",
    KeptCase.DISCUSSED: "A case in which a strategy discussion was held",
    KeptCase.LOOKED_AFTER: "A case about a child looked after by the council",
}
KEPT_FROM_WORDS = {
    KeptFrom.CLOSED: "its end",
    KeptFrom.BIRTH: "the birth of the youngest child",
}


@dataclass(frozen=True, slots=True)
class ToldRule:
    """One rule. `source` is the citation with the title of its document."""

    id: str
    summary: str
    when: str
    kind: str
    reason: str
    force: str
    source: str


@dataclass(frozen=True, slots=True)
class ToldClock:
    label: str
    rules: tuple[ToldRule, ...]


@dataclass(frozen=True, slots=True)
class ToldSeries:
    """One list that is gone through together."""

    id: str
    name: str
    when: str
    takes: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class ToldForm:
    """One form that the area's document names."""

    name: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Told:
    clocks: tuple[ToldClock, ...]
    series: tuple[ToldSeries, ...]
    ways: tuple[tuple[str, tuple[Line, ...]], ...]
    forms: tuple[ToldForm, ...]
    reminders: str


def tell(protocol: Protocol) -> Told:
    """Everything a protocol says, in the order of the work."""
    return Told(
        clocks=tuple(
            ToldClock(CLOCK_LABELS[clock], rules)
            for clock in Clock
            if (rules := tuple(_rule(rule) for rule in protocol.rules if rule.clock is clock))
        ),
        series=tuple(_series(series) for series in protocol.series),
        ways=(
            *ways_in_words(protocol.ways),
            *_kept(protocol.retention),
            *_ladder(protocol.escalation),
        ),
        forms=tuple(
            ToldForm(form.name, form.reason, citation(form.source, form.document, ": "))
            for form in protocol.forms
        ),
        reminders=_reminders(protocol.reminders),
    )


def takes_in_words(series: Series) -> str:
    """`Domestic abuse cases of medium or standard risk`, `Referrals rated red or amber`."""
    if series.domestic_abuse:
        return f"Domestic abuse cases of {_either(series.domestic_abuse)} risk"
    return f"Referrals rated {_either(series.ratings)} that are not decided yet"


def _rule(rule: Rule) -> ToldRule:
    first, *stand_ins = rule.start
    summary = rule_summary(rule, first)
    otherwise = "".join(f", otherwise after {START_WORDS[start]}" for start in stand_ins)
    label = f"{rule.label.removesuffix(' by')}: " if rule.label else ""
    return ToldRule(
        id=rule.id,
        summary=f"{label or summary[:1].upper()}{summary if label else summary[1:]}{otherwise}",
        when=_condition(rule.when),
        kind="Exception: goes before the standard rules" if rule.kind is Kind.EXCEPTION else "",
        reason=rule.reason,
        force=FORCE_WORDS[rule.force],
        source=citation(rule.source, rule.document, ": "),
    )


def _series(series: Series) -> ToldSeries:
    return ToldSeries(
        id=series.id,
        name=series.name,
        when=when_in_words(series),
        takes=takes_in_words(series),
        reason=series.reason,
        source=citation(series.source, series.document, ": "),
    )


def _ladder(steps: Sequence[EscalationStep]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """`1. Agency managers, within 1 working day`, each with its source."""
    if not steps:
        return ()
    lines = tuple(
        Line(
            f"{place}. {step.who}, {limit_in_words(step.unit, step.within)}"
            f" ({step_force_words(step.force).partition(':')[0].lower()})",
            step.reason,
            step.source,
            step.document,
        )
        for place, step in enumerate(steps, start=1)
    )
    return (("How a disagreement with what was decided is resolved", lines),)


def _reminders(hours: Sequence[int]) -> str:
    """`24 hours and 2 hours before the discussion`."""
    if not hours:
        return "Nobody is reminded"
    *most, last = [f"{one} {'hour' if one == 1 else 'hours'}" for one in hours]
    said = f"{', '.join(most)} and {last}" if most else last
    return f"Whoever is invited is reminded {said} before the discussion"


def _kept(rules: Sequence[RetentionRule]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """How long cases are kept (H8): of all that hold the latest end counts."""
    lines = tuple(
        Line(
            f"{CASE_WORDS[one.case]}: {one.years} years from {KEPT_FROM_WORDS[one.start]}",
            one.reason,
            one.source,
            one.document,
        )
        for one in rules
    )
    return (("How long cases are kept", lines),) if lines else ()


def _condition(when: Condition) -> str:
    if when.always:
        return "Always"
    said = [FLAG_WORDS[flag] for flag in Flag if flag in when.flags]
    if when.rag is not None:
        said.append(f"a referral rated {when.rag.value}")
    if when.domestic_abuse is not None:
        said.append(f"domestic abuse of {when.domestic_abuse.value} risk")
    words = " and ".join(said)
    return f"Where there is {words}"


def _either(values: Sequence[str]) -> str:
    *most, last = [str(value) for value in values]
    return f"{', '.join(most)} or {last}" if most else last
