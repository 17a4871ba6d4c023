"""Whether what was noted since a discussion was decided makes it due sooner: pure (B1, B2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from app.protocols.rules import clocks
from app.protocols.types import Clock, ClockError, Due, Facts, Protocol


class Sooner(NamedTuple):
    """The deadline that the facts of today give, and what all clocks come from then."""

    due: Due
    facts: Facts
    dues: dict[Clock, Due | ClockError]


def facts_now(kept: Facts, said: Facts) -> Facts:
    """The facts that a discussion was decided on, with what is said of the case now. From when its
    clock runs stays. An action said with this need counts, as it would have at the decision; one
    that the referral of an earlier discussion says, only where it was not taken long before."""
    acted = said.immediate_action_at
    own = said.received_at is None or said.received_at == kept.received_at
    begins = min((one for one in (kept.received_at, kept.identified_at) if one), default=None)
    counts = kept.immediate_action_at or (
        acted if acted is not None and (own or begins is None or acted >= begins) else None
    )
    return replace(
        kept,
        flags=said.flags,
        rag=said.rag,
        domestic_abuse=said.domestic_abuse,
        immediate_action_at=counts,
    )


def sooner(protocol: Protocol, kept: Facts, said: Facts, due_at: datetime | None) -> Sooner | None:
    """What would be due before `due_at`, the deadline that was kept; None where nothing would, or
    where it is not the facts that changed."""
    facts = facts_now(kept, said)
    if facts == kept:
        return None
    dues = clocks(protocol, facts)
    due = dues.get(Clock.STRATEGY_DISCUSSION)
    if not isinstance(due, Due) or (due_at is not None and due.due_at >= due_at):
        return None
    return Sooner(due, facts, dues)
