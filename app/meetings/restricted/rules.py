"""Who may see a restricted case, and for how long one is opened: pure (H2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

# No document gives a time. Long enough for one telephone call and what follows from it.
GLASS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Restricted:
    """A restriction on a case, as it is for one person."""

    restriction_id: int
    is_reader: bool
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether somebody may see a case. `until` where only because they broke the glass."""

    may: bool
    until: datetime | None = None


def seen(found: Collection[Restricted], now: datetime) -> Seen:
    """Every restriction must let this person in: as a reader, or while the glass is broken."""
    until: list[datetime] = []
    for one in found:
        if one.is_reader:
            continue
        if one.open_until is None or one.open_until <= now:
            return Seen(False)
        until.append(one.open_until)
    return Seen(True, min(until, default=None))
