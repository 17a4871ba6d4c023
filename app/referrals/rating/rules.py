"""Ratings, the second rating, and who settles a disagreement (A5): pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.accounts.types import Role
from app.core.refusal import Refused
from app.protocols.types import Protocol
from app.protocols.ways import After, SecondRating, Settler
from app.protocols.ways_wording import AFTER_WORDS, rating_title
from app.referrals.rating.types import Gathering, Rated
from app.referrals.types import Outcome, Rating, RatingStage


def check_rating(protocol: Protocol, rating: Rating | None) -> None:
    """Raise Refused for a rating that the area does not have."""
    if rating is not None and rating.value not in [one.value for one in protocol.ratings]:
        names = ", ".join(one.value for one in protocol.ratings)
        raise Refused("rating", f"This area rates {names}: choose one of them")


def check_rate(
    stage: RatingStage,
    reason: str,
    *,
    before: Rating | None,
    disputed: bool,
    gathering: Gathering,
    early_because: str,
) -> None:
    """Raise Refused where a rating may not be given now. `before` is the one that holds so far.

    A rating after information gathering follows one before it, so that the change can be seen
    (HO2014 Camden's dataset), and information gathering, or the reason why it is given without.
    While a disagreement is open, the protocol's order settles it.
    """
    if disputed:
        raise Refused("rating", "There is a disagreement over the rating: settle it first")
    if stage is RatingStage.AFTER and before is None:
        raise Refused("stage", "Rate the referral as it came in first")
    if stage is RatingStage.AFTER and not gathering.over and not early_because:
        raise Refused(
            "early_because",
            "No agency has answered, or no list or meeting has gone through it yet: say why it is "
            "rated again without that, or choose before information gathering",
        )
    if not reason:
        raise Refused("rating_reason", "Give the reason for the rating")


def stage_offered(rated: Sequence[Rated], gathering: Gathering) -> RatingStage:
    """Which rating the form offers: the second once agencies have answered or were due to."""
    again = bool(rated) and gathering.over
    return RatingStage.AFTER if again or _has_second(rated) else RatingStage.BEFORE


def first_rating(rated: Sequence[Rated]) -> Rating | None:
    """The rating by which the area's second one is judged, of all that were given in their order:
    the first one before information gathering since the referral came in or was last opened
    again; where there is none since, the one that held until then."""
    since = [one for one in rated if one.current and one.stage is RatingStage.BEFORE]
    until = [one for one in rated if not one.current]
    found = since[:1] or until[-1:] or list(rated[:1])
    return found[0].rating if found else None


def second_rating_problem(
    protocol: Protocol, outcome: Outcome, rated: Sequence[Rated]
) -> str | None:
    """Why this outcome waits for the second rating, in words that say what to do, or None.

    Some areas rate again to see where the child's needs are best met (HO2014 Sandwell, Camden).
    A strategy discussion never waits.
    """
    second, first = protocol.ways.second_rating, first_rating(rated)
    if second is None or first is None or outcome is Outcome.STRATEGY_DISCUSSION:
        return None
    if not needs_second(protocol, rated):
        return None
    return (
        f"{protocol.name} rates {first.value} cases again {AFTER_WORDS[second.after]}: "
        "give the second rating first"
    )


def needs_second(protocol: Protocol, rated: Sequence[Rated]) -> bool:
    """Whether the area rates this referral again, and that was not done since it came in or was
    last opened again."""
    second, first = protocol.ways.second_rating, first_rating(rated)
    if second is None or first is None or _has_second(rated):
        return False
    return wants_second(second, first)


def after_a_meeting(protocol: Protocol, rated: Sequence[Rated]) -> bool:
    """Whether the second rating of this referral follows a meeting of the agencies, and not their
    answers alone (HO2014 Sandwell)."""
    second, first = protocol.ways.second_rating, first_rating(rated)
    if second is None or first is None or second.after is not After.MEETING:
        return False
    return wants_second(second, first)


def _has_second(rated: Sequence[Rated]) -> bool:
    return any(one.current and one.stage is RatingStage.AFTER for one in rated)


def wants_second(second: SecondRating, rating: Rating) -> bool:
    """Whether the area rates a referral of this first rating again."""
    return rating in second.ratings


def meaning(protocol: Protocol, rating: Rating) -> str:
    """What a rating means here and leads to, with who says so; empty where nobody says."""
    way = protocol.ways.of_rating(rating)
    if way is None:
        return ""
    return f"{rating_title(way.rating, way.means, way.follows)}. {way.said.reason}"


def may_settle(step: Settler, roles: Collection[Role]) -> bool:
    """Whether somebody with these roles records what this step says."""
    return any(role.value in step.roles for role in roles)


def check_settle(
    steps: Sequence[Settler], step: int, roles: Collection[Role], reason: str, *, settled: bool
) -> None:
    """Raise Refused where a step of the order may not be recorded so (HO2014 Nottinghamshire).

    `step` counts from 0. The last step is final: it cannot leave the matter open.
    """
    if not may_settle(steps[step], roles):
        raise Refused("rating", f"This is settled by: {steps[step].who}")
    if not reason:
        raise Refused("rating_reason", "Give the reason")
    if not settled and step + 1 >= len(steps):
        raise Refused("settled", f"{steps[step].who} has the final decision: it settles this")


def check_dispute(rating: Rating | None, wanted: Rating, by_whom: str, reason: str) -> None:
    """Raise Refused where a disagreement cannot be recorded."""
    if rating is None:
        raise Refused("rating", "There is no rating yet to disagree with")
    if wanted is rating:
        raise Refused("rating", f"It is rated {rating.value} already: choose the rating wanted")
    if not by_whom:
        raise Refused("by_whom", "Say who disagrees, and for which agency")
    if not reason:
        raise Refused("rating_reason", "Give the reason why they would rate otherwise")
