"""When a referral is allocated to a social worker before it is decided: pure."""

from __future__ import annotations

from collections.abc import Collection

from app.core.refusal import Refused
from app.protocols.types import Protocol
from app.protocols.ways import Follows
from app.referrals.types import Rating


def ratings_allocated(protocol: Protocol) -> tuple[Rating, ...]:
    """The ratings that go straight to a social worker here, without waiting for checks (HO2014
    Merton: red)."""
    return tuple(one.rating for one in protocol.ways.rated if one.follows is Follows.SOCIAL_WORKER)


def why(protocol: Protocol, rating: Rating) -> str:
    """The sentence of the area's document that says so, with its source."""
    way = protocol.ways.of_rating(rating)
    return f"{way.said.reason} ({way.said.source})" if way is not None else ""


def check_allocate(
    protocol: Protocol, rating: Rating | None, worker: int, workers: Collection[int], held: int
) -> None:
    """Raise Refused where a referral cannot be allocated so: `worker` is who is to have it,
    `workers` are the social workers there are, `held` is who has it, 0 where nobody does."""
    if rating not in ratings_allocated(protocol):
        raise Refused(
            "social_worker", "A referral with this rating is not allocated before it is decided"
        )
    if worker not in workers:
        raise Refused("social_worker", "Choose a social worker from the list")
    if worker == held:
        raise Refused("social_worker", "This social worker has it already: choose another one")


def check_take(mine: bool) -> None:
    """Raise Refused where somebody takes on what is not allocated to them."""
    if not mine:
        raise Refused("allocation", "This referral is not allocated to you")
