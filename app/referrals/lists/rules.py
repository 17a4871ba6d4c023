"""What may happen on a list: pure (C10; IMAP 3, 5)."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.refusal import Refused
from app.protocols.types import Protocol
from app.protocols.ways import After, Follows
from app.referrals.abuse.rules import RAISES_REFERRAL
from app.referrals.lists.types import Said
from app.referrals.outcome.rules import NEEDS_AGENCY
from app.referrals.types import Outcome, Rating


def check_said(said: Said, ended: bool) -> None:
    """Raise Refused where this may not be kept of a case on a list."""
    if ended:
        raise Refused("outcome", "This list has ended: the case goes on to the next one")
    if said.outcome is None:
        return
    if not said.reason:
        raise Refused("reason", "Give the reason for the outcome")
    if said.outcome in NEEDS_AGENCY and said.agency_id is None:
        raise Refused("agency_id", "Choose the agency")


def check_end(took_part: str, ended: bool) -> None:
    """Raise Refused where a list may not be ended: who took part stands in its record."""
    if ended:
        raise Refused("took_part", "This list has ended already")
    if not took_part:
        raise Refused("took_part", "Say who took part: one line each, with name and agency")


def goes_beyond(agreed: Outcome | None, decided: Outcome | None) -> bool:
    """Whether what was agreed raises a referral that was decided to be less. A strategy discussion
    takes up everything that is new itself: nothing goes beyond it."""
    if decided in (None, agreed, Outcome.STRATEGY_DISCUSSION):
        return False
    return agreed in RAISES_REFERRAL


def next_open(numbers: Sequence[int], after: int) -> int | None:
    """The case to go on with: the next without an outcome, else the first one passed over."""
    later = [number for number in numbers if number > after]
    earlier = [number for number in numbers if number < after]
    return next(iter([*later, *earlier]), None)


def meets_on(protocol: Protocol, rating: Rating | None) -> bool:
    """Whether the agencies of this area meet on one referral with this rating by itself (HO2014
    Sandwell: "a MASH meeting takes place within 4 hours")."""
    if rating is None:
        return False
    way, second = protocol.ways.of_rating(rating), protocol.ways.second_rating
    follows = way is not None and way.follows is Follows.MEETING
    again = second is not None and second.after is After.MEETING and rating in second.ratings
    return follows or again
