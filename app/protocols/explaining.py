"""A deadline told to a person in a hurry: when, how long, by which rule, why, who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.clock import words_for_moment
from app.protocols.rules import limit_of
from app.protocols.types import AlsoApplied, Due, Force
from app.protocols.wording import FORCE_WORDS, time_left


@dataclass(frozen=True, slots=True)
class Explanation:
    """The pieces of B2, ready to show. `limit` is set where a hard limit stands behind a target.

    `late` is true once the deadline has passed.
    """

    label: str
    due: str
    left: str
    late: bool
    rule: str
    summary: str
    why: str
    source: str
    document: str
    force: str
    limit: str | None
    others: tuple[str, ...]


def explain(due: Due, now: datetime) -> Explanation:
    """Everything a page shows about one deadline at the aware moment `now` (B2)."""
    limit = limit_of(due)
    behind = limit if due.force is not Force.LIMIT else None
    return Explanation(
        label=due.label,
        due=words_for_moment(due.due_at),
        left=time_left(due.due_at, now),
        late=now > due.due_at,
        rule=due.rule,
        summary=due.summary,
        why=due.reason,
        source=due.source,
        document=due.document,
        force=FORCE_WORDS[due.force],
        limit=f"The limit is {words_for_moment(behind)}." if behind else None,
        others=tuple(_other(other) for other in due.also),
    )


def _other(other: AlsoApplied) -> str:
    rule = f"{other.rule}: {other.summary} ({other.source})"
    aside = " Set aside, because an exception holds." if other.set_aside else ""
    if other.due_at is None:
        return f"{rule}. {other.error}{aside}"
    return f"{rule}, due {words_for_moment(other.due_at)}.{aside}"
