"""What came of a referral on the floors above, which this one must not import.

The meetings floor hands in a function that knows the discussions of a referral; the referral's
page shows them and where to go next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session


class Onward(NamedTuple):
    """Something that came of a referral: where it is seen and how it stands, in words."""

    title: str
    href: str
    status: str


Source = Callable[[Session, int], Sequence[Onward]]
_sources: list[Source] = []


def tell(source: Source) -> Source:
    """Hand in a function of session and referral id; usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def of_referral(session: Session, referral_id: int) -> list[Onward]:
    """Everything that came of a referral, as the floors above tell it."""
    return [one for source in _sources for one in source(session, referral_id)]
