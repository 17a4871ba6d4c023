"""Disagreements as their page shows them: the ladder, what was said at each step, the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.clock import words_for_moment
from app.meetings.discussion.models import Dissent
from app.meetings.escalation import rules
from app.meetings.escalation.models import Escalation
from app.meetings.escalation.queries import Disagreement, Noted
from app.meetings.escalation.service import recorded
from app.meetings.escalation.types import Ladder, Step
from app.protocols.panel import DeadlinePanel, deadline_state
from app.protocols.wording import limit_in_words, step_force_words, time_left


@dataclass(frozen=True, slots=True)
class StepShown:
    """`stands`: "Now", "Done", "Not needed" or "Ahead"."""

    who: str
    stands: str
    limit: str
    source: str
    words: str
    recorded: str
    late: bool


@dataclass(frozen=True, slots=True)
class DisagreementShown:
    id: int
    version: int
    who: str
    agency: str
    what: str
    why: str
    said: str
    ended: str  # how and when; empty while it is open
    clock: DeadlinePanel | None
    has_next: bool
    next_who: str
    steps: tuple[StepShown, ...]
    protocol: str
    struck: str
    strikable: bool


def shown(
    one: Disagreement, notes: Sequence[Noted], signed_at: datetime | None, now: datetime
) -> DisagreementShown:
    """One disagreement; `notes` and `signed_at` are those of the whole discussion."""
    held, ladder = one.escalation, rules.kept_ladder(one.escalation.ladder)
    open_ = held.ended_at is None
    has_next = ladder.has_next(held.step)
    return DisagreementShown(
        id=held.id,
        version=held.version,
        who=one.name,
        agency=one.agency,
        what=one.dissent.what,
        why=one.dissent.why or "",
        said=f"Said {words_for_moment(one.dissent.recorded_at)}"
        + ("" if one.dissent.recorded_by_id else ", by their link"),
        ended=ended_words(held),
        clock=_clock(ladder.steps[held.step], held.due_at, now) if open_ else None,
        has_next=open_ and has_next,
        next_who=ladder.steps[held.step + 1].who if has_next else "",
        steps=_steps(
            held,
            ladder,
            [noted for noted in notes if noted.note.escalation_id == held.id],
            struck=one.dissent.struck_at is not None,
        ),
        protocol=f"{ladder.protocol}, version {ladder.version}",
        struck=struck_words(one.dissent, one.struck_by or ""),
        strikable=strikable(one.dissent, held, signed_at),
    )


def strikable(dissent: Dissent, held: Escalation, signed_at: datetime | None) -> bool:
    """Whether it can be struck as long as the record may be written; `signed_at` is that of the
    discussion."""
    return rules.may_be_struck(recorded(dissent, held, signed_at))


def struck_words(dissent: Dissent, by: str = "") -> str:
    """When, by whom and why it was struck, in one line; empty where it stands."""
    if dissent.struck_at is None:
        return ""
    who = f", {by}" if by else ""
    return f"{words_for_moment(dissent.struck_at)}{who}: {dissent.struck_reason}"


def stands_words(held: Escalation | None) -> str:
    """Where a disagreement stands, in one line, for other pages; empty for one without a ladder,
    from before there were any."""
    if held is None:
        return ""
    if held.ended_at is not None:
        return ended_words(held)
    who = rules.kept_ladder(held.ladder).steps[held.step].who
    return f"{who}, by {words_for_moment(held.due_at)}"


def ended_words(held: Escalation) -> str:
    if held.ended_at is None or held.ending is None:
        return ""
    return f"{held.ending.label}, {words_for_moment(held.ended_at)}"


def _steps(
    held: Escalation, ladder: Ladder, notes: Sequence[Noted], *, struck: bool
) -> tuple[StepShown, ...]:
    by_step = {noted.note.step: noted for noted in notes}
    found = []
    for place, step in enumerate(ladder.steps):
        noted = by_step.get(place)
        found.append(
            StepShown(
                who=step.who,
                stands=_stands(held, place, struck=struck),
                limit=limit_in_words(step.unit, step.within),
                source=step.source,
                words=noted.note.words if noted else "",
                recorded=f"{noted.by}, {words_for_moment(noted.note.recorded_at)}" if noted else "",
                late=noted is not None and noted.note.recorded_at > noted.note.due_at,
            )
        )
    return tuple(found)


def _stands(held: Escalation, place: int, *, struck: bool) -> str:
    if place < held.step:
        return "Done"
    if held.ended_at is not None:
        return "Ended here" if place == held.step and not struck else "Not needed"
    return "Now" if place == held.step else "Ahead"


def _clock(step: Step, due_at: datetime, now: datetime) -> DeadlinePanel:
    """The clock of the step it stands at, with everything that B2 asks for."""
    state, state_text = deadline_state(due_at, now, None)
    return DeadlinePanel(
        title="Resolve it or take it to the next step by",
        state=state,
        state_text=state_text,
        due_at=due_at,
        due_text=words_for_moment(due_at),
        left_text=time_left(due_at, now),
        rule=step.id,
        reason=step.reason,
        source=step.source,
        force_text=step_force_words(step.force),
        others=(),
    )
