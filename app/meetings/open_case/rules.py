"""What may stand about an open case, and the facts its clocks are worked out from: pure."""

from __future__ import annotations

from datetime import datetime

from app.core.refusal import Refused
from app.meetings.open_case.types import About
from app.protocols.types import FIRST_YEAR, Facts
from app.protocols.types import Flag as FlagFact
from app.referrals.rules import action_problems, check


def facts_of(about: About) -> Facts:
    """What is said of this discussion's case, for its clocks (B4). It has no moments of its own but
    the immediate action: when information arrived is said with the decision (B1)."""
    return Facts(
        immediate_action_at=about.immediate_action_at,
        flags=frozenset(FlagFact(one.value) for one in about.flags if one.value in list(FlagFact)),
        domestic_abuse=about.domestic_abuse,
    )


def check_whole(about: About, now: datetime) -> None:
    """Raise Refused where it does not say enough to book by: deadline, people and format would
    come out wrong (B1, C2, C3). `now` is aware."""
    if not about.concerns:
        raise Refused("concerns", "Choose at least one concern")
    check(action_problems(about.flags, about.immediate_action_at))
    check_moments(about, now)
    for place, adult in enumerate(about.adults):
        if not adult.name:
            raise Refused(
                f"adults-{place}-name", "Enter the adult's name, or “not known” if nobody said"
            )


def check_moments(about: About, now: datetime) -> None:
    """Raise Refused for an immediate action at a time that cannot be."""
    taken = about.immediate_action_at
    if taken is None:
        return
    if taken > now:
        raise Refused(
            "immediate_action_at",
            "The immediate action was taken at a time in the future: correct the date or the time",
        )
    if taken.year < FIRST_YEAR:
        raise Refused("immediate_action_at", "Check the year")
