"""When the quality service is told, and told anew: pure (BROMLEY 1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.meetings.after.types import Conference, Standing

# An answer that is put right after the discussion is often put right twice.
SETTLES = timedelta(minutes=5)
_AHEAD = frozenset({Conference.LIKELY, Conference.REQUIRED})


def to_tell(one: Standing, told: Conference | None) -> Conference | None:
    """What the quality service has to be told of a child's conference now; None for nothing.

    `told` is what a letter said last. The first one goes where nobody has told them yet; after
    that they hear when it becomes required, or likely again, and when it is not needed after all.
    Once it was referred or held they know more than a letter says.
    """
    if one.icpc_held_at is not None:
        return None
    ahead = one.conference in _AHEAD
    if told is None:
        known = one.quality_told_at is not None or one.icpc_referred_at is not None
        return one.conference if ahead and not known else None
    if not ahead:
        return Conference.NOT_NEEDED if told is not Conference.NOT_NEEDED else None
    if one.conference is told or one.icpc_referred_at is not None:
        return None
    return one.conference


def tell_at(ended_at: datetime, now: datetime) -> datetime:
    """When to tell them: as the discussion ends, later once an answer has settled."""
    return now if now == ended_at else now + SETTLES
