"""Ratings as the rules look at them (A5)."""

from __future__ import annotations

from typing import NamedTuple

from app.referrals.types import Rating, RatingStage


class Rated(NamedTuple):
    """One rating. `current`: given since the referral came in or was last opened again."""

    rating: Rating
    stage: RatingStage
    current: bool


class Gathering(NamedTuple):
    """How far information gathering is: `closed` where agencies have answered or were due to,
    `discussed` where a list on which the referral stood has ended."""

    closed: bool
    discussed: bool

    @property
    def over(self) -> bool:
        return self.closed or self.discussed
