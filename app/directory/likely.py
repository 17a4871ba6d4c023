"""Which agencies a typed name may mean: pure.

People outside write their school's name as they say it; the directory holds it as it is written on
the gate. Nothing is chosen here: a person is shown what is alike (A1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from jellyfish import jaro_winkler_similarity

MOST = 5
_ALIKE = 0.9
# What many agencies of a kind are called tells none of them from another.
_SHARED = frozenset(
    {
        "academy", "and", "centre", "clinic", "college", "community", "council", "for", "gp",
        "group", "high", "hospital", "infant", "infants", "junior", "medical", "nhs", "nursery",
        "of", "police", "practice", "primary", "school", "schools", "secondary", "service",
        "services", "surgery", "team", "the", "trust",
    }
)  # fmt: skip


def likely(typed: str, names: Iterable[str]) -> list[str]:
    """At most five of `names` that may be the agency typed: all words that tell an agency from
    another, of the shorter of both names, stand in the longer, give or take a letter."""
    said = _telling(typed)
    if not said:
        return []
    return [name for name in names if _same(said, _telling(name))][:MOST]


def _telling(name: str) -> frozenset[str]:
    words = re.findall(r"\w+", re.sub(r"['’.]", "", name.casefold()))
    return frozenset(word for word in words if word not in _SHARED)


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    few, many = sorted((one, other), key=len)
    return bool(few) and all(
        any(word == there or jaro_winkler_similarity(word, there) >= _ALIKE for there in many)
        for word in few
    )
