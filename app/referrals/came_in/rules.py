"""When a referral can have been received: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.referrals.came_in.types import CameInGiven
from app.referrals.rules import LONGEST_BACKDATING, email_problems


def problems(
    given: CameInGiven, entered_at: datetime, decided_at: datetime | None
) -> Iterator[Refused]:
    """Everything for which a change of how a referral came in cannot stand, by the field (A1).

    `entered_at` and `decided_at` are the referral's own aware moments: it came in before both.
    """
    if given.source_agency_id is None and not given.source_agency_name:
        yield Refused("source_agency_id", "Choose where the referral came from")
    yield from email_problems(given.referrer_email)
    for moment, what in ((entered_at, "entered"), (decided_at, "decided")):
        if moment is not None and given.received_at > moment:
            yield Refused(
                "received_at",
                f"The referral was {what} on {words_for_moment(moment)}: "
                "give a date and time before that",
            )
    if entered_at - given.received_at > LONGEST_BACKDATING:
        yield Refused(
            "received_at", "Check the year: this is more than a year before it was entered"
        )


def same_on_the_clock(held: datetime, typed: datetime) -> bool:
    """Whether two aware moments look the same on the form, which shows no seconds."""
    return held.replace(second=0, microsecond=0) == typed.replace(second=0, microsecond=0)
