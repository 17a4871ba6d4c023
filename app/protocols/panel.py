"""A clock as a page shows it: the state in words and every piece of B2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import words_for_moment
from app.protocols.explaining import explain
from app.protocols.types import AlsoApplied, ClockError, Due
from app.protocols.wording import CLOCK_LABELS, FORCE_WORDS, citation

SOON = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class OtherRule:
    rule: str
    due_text: str
    source: str
    force_text: str


@dataclass(frozen=True, slots=True)
class DeadlinePanel:
    """What templates/macros/deadline.html displays."""

    title: str
    state: str  # calm, soon, late, met or error
    state_text: str
    due_at: datetime | None
    due_text: str
    left_text: str
    rule: str
    reason: str
    source: str
    force_text: str
    others: tuple[OtherRule, ...]


def deadline_state(due_at: datetime, now: datetime, met_at: datetime | None) -> tuple[str, str]:
    """The state of a deadline and its words: soon is within four hours."""
    if met_at is not None:
        return ("met", "Met") if met_at <= due_at else ("late", "Met late")
    if now > due_at:
        return "late", "Late"
    return ("soon", "Due soon") if due_at - now <= SOON else ("calm", "In time")


def deadline_panel(
    clock: Due | ClockError, now: datetime, met_at: datetime | None = None
) -> DeadlinePanel:
    """The panel of one clock at `now`; `met_at` is when what it asks for was done, if it was."""
    if isinstance(clock, ClockError):
        return DeadlinePanel(
            title=CLOCK_LABELS[clock.clock],
            state="error",
            state_text="No date",
            due_at=None,
            due_text="",
            left_text="",
            rule="",
            reason=clock.error,
            source="",
            force_text="",
            others=(),
        )
    told = explain(clock, now)
    state, state_text = deadline_state(clock.due_at, now, met_at)
    return DeadlinePanel(
        title=told.label,
        state=state,
        state_text=state_text,
        due_at=clock.due_at,
        due_text=told.due,
        left_text="" if met_at else told.left,
        rule=told.rule,
        reason=f"{told.why} {told.limit}" if told.limit else told.why,
        source=citation(told.source, told.document),
        force_text=told.force,
        others=tuple(_other(other) for other in clock.also),
    )


def _other(other: AlsoApplied) -> OtherRule:
    when = other.error or (words_for_moment(other.due_at) if other.due_at else "")
    aside = ", set aside because an exception holds" if other.set_aside else ""
    return OtherRule(
        rule=other.rule,
        due_text=f"{other.summary}: {when}{aside}",
        source=other.source,
        force_text=FORCE_WORDS[other.force],
    )
