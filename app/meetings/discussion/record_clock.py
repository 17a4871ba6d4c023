"""When the record must be with everyone: the clock that starts when the meeting ends (F5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.meetings.models import Meeting
from app.protocols import registry
from app.protocols.exchange import restore, snapshot
from app.protocols.rules import clocks
from app.protocols.types import Clock, Due, Protocol

# record-24h, which holds in every protocol: used where the discussion's own is not loaded.
RECORD_WITHIN = timedelta(hours=24)


def protocol_of(meeting: Meeting) -> Protocol | None:
    """The protocol that the discussion's clocks came from, if it is still loaded."""
    kept = meeting.clocks.get("protocol", {}).get("id", "")
    try:
        return registry.active(kept)
    except registry.UnknownProtocol:
        return None


@dataclass(frozen=True, slots=True)
class RecordClock:
    """The record's deadline (UTC), its rule, and what the discussion keeps of its clocks."""

    due_at: datetime
    rule: str
    kept: dict[str, Any]


def record_clock(
    kept: Mapping[str, Any], protocol: Protocol | None, ended_at: datetime
) -> RecordClock:
    """The record's deadline by the discussion's protocol, from the moment the meeting ended.

    Deadlines that were kept before stay word for word. If the protocol was changed since, what
    was kept is put under `earlier` as well, so that history is not rewritten (B1). Sources:
    BROMLEY 5, TIMING, and PRODUCT's F5 for the 24 hours that hold everywhere.
    """
    fallback = RecordClock(ended_at + RECORD_WITHIN, "record-24h", dict(kept))
    if protocol is None or "format" not in kept:
        return fallback
    before = restore(kept)
    facts = replace(before.facts, meeting_ended_at=ended_at)
    due = clocks(protocol, facts).get(Clock.RECORD_CIRCULATED)
    if not isinstance(due, Due):
        return fallback
    fresh = snapshot(protocol, facts, {**before.clocks, Clock.RECORD_CIRCULATED: due})
    after = {**kept, **fresh}
    if before.protocol_digest != protocol.digest:
        after["earlier"] = dict(kept)
    return RecordClock(due.due_at, due.rule, after)
