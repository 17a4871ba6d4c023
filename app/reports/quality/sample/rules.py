"""Which cases are looked at again: drawn at random, and the same each time it is checked. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from app.referrals.types import Outcome

# Of each outcome so many a month: a rare outcome is looked at as closely as a common one.
EACH = 2


class Candidate(NamedTuple):
    id: int
    ref: str
    outcome: Outcome


def drawn(population: Iterable[Candidate], seed: str, each: int = EACH) -> list[Candidate]:
    """The sample: of each outcome the `each` whose lot comes first.

    The lot of a case is SHA-256 of `seed|reference`: whoever has the seed and the list of
    references can draw again and must get the same, and nobody who does not know the seed can
    tell beforehand.
    """
    strata: defaultdict[Outcome, list[Candidate]] = defaultdict(list)
    for one in population:
        strata[one.outcome].append(one)
    return [
        one
        for outcome in Outcome
        for one in sorted(strata.get(outcome, ()), key=lambda case: lot(seed, case.ref))[:each]
    ]


def lot(seed: str, ref: str) -> str:
    """The lot of one case, in hexadecimal: the lowest are drawn."""
    return hashlib.sha256(f"{seed}|{ref}".encode()).hexdigest()


def digest_of(refs: Iterable[str]) -> str:
    """SHA-256 of the references it was drawn from, in their order: says later whether the list is
    the same."""
    return hashlib.sha256("\n".join(sorted(refs)).encode()).hexdigest()
