"""Whether what was noted since a discussion was decided makes it due sooner: pure (B1, B2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from app.protocols.rules import clocks
from app.protocols.types import Clock, ClockError, Due, Facts, Protocol

# The moments from which a discussion counts, and that may be put right where they were typed.
MOMENTS = ("received_at", "identified_at")
NOTHING: Mapping[str, datetime] = MappingProxyType({})


class Sooner(NamedTuple):
    """The deadline that the facts of today give, and what all clocks come from then."""

    due: Due
    facts: Facts
    dues: dict[Clock, Due | ClockError]


def with_moments(kept: Facts, corrected: Mapping[str, datetime]) -> Facts:
    """The facts with those of their moments that were put right, by name."""
    return replace(
        kept,
        received_at=corrected.get("received_at", kept.received_at),
        identified_at=corrected.get("identified_at", kept.identified_at),
    )


def put_right(kept: Facts, before: Facts, said: Facts) -> dict[str, datetime]:
    """The moments that the discussion was decided on and that its case now says were others, by
    name. `before` is what the case said until now: what the discussion has from elsewhere, such as
    when the information that triggered it arrived, is no moment of its case (B1)."""
    return {
        name: moment
        for name in MOMENTS
        if (moment := getattr(said, name)) is not None
        and moment != getattr(before, name)
        and getattr(kept, name) == getattr(before, name)
    }


def facts_now(kept: Facts, said: Facts) -> Facts:
    """The facts that a discussion was decided on, with what is said of the case now. From when its
    clock runs stays, unless it was put right. An action said with this need counts, as it would
    have at the decision; one that the referral of an earlier discussion says, only where it was not
    taken long before."""
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


def sooner(
    protocol: Protocol,
    kept: Facts,
    said: Facts,
    due_at: datetime | None,
    corrected: Mapping[str, datetime] = NOTHING,
) -> Sooner | None:
    """What would be due before `due_at`, the deadline that was kept; None where nothing would, or
    where it is not the facts that changed. `corrected` are the moments that were put right."""
    facts = facts_now(with_moments(kept, corrected), said)
    if facts == kept:
        return None
    dues = clocks(protocol, facts)
    due = dues.get(Clock.STRATEGY_DISCUSSION)
    if not isinstance(due, Due) or (due_at is not None and due.due_at >= due_at):
        return None
    return Sooner(due, facts, dues)
