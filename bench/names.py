"""Made children as an area stores them, and the keys under which each of them is found."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask

from app.core.session import db, reading
from app.referrals import keys, search_keys
from app.referrals.matching import Identity, keys_of
from bench.past import stored
from tests.factories.similar_children import Made, known_children

# As many as are known again at a council: a child comes up twice in its years. A pool that did not
# grow with the referrals would show a guard that is slow where it is only asked for too many.
REFERRALS_EACH = 2
FEWEST = 500
AT_ONCE = 5_000

Row = dict[str, Any]
Part = tuple[list[Row], list[Row]]


class Names(NamedTuple):
    """Children by the number they have here, packed: a million referrals have half a million."""

    children: int
    packed: list[bytes]

    def parts(self) -> Iterator[Part]:
        """Some thousands at once: what is stored of each, and its keys."""
        for one in self.packed:
            part: Part = pickle.loads(one)  # packed below, by this process
            yield part


def children_of(referrals: int) -> int:
    """How many children an area of so many referrals knows."""
    return max(FEWEST, referrals // REFERRALS_EACH)


def names_for(app: Flask, children: int) -> Names:
    """Made children, encrypted and keyed as this area does it: for it, and for copies of it."""
    made = known_children(children)
    packed = []
    with app.app_context():
        for first in range(0, children, AT_ONCE):
            packed.append(pickle.dumps(_part(first, made[first : first + AT_ONCE])))
        db.session.remove()
    return Names(children, packed)


def _part(first: int, made: list[Made]) -> Part:
    rows: list[Row] = []
    found: list[Row] = []
    for number, child in enumerate(made, start=first):
        one = Identity(child.given, child.family, child.born)
        born = stored(child.born.isoformat()) if child.born else None
        rows.append({"n": number, "given": stored(child.given), "family": stored(child.family),
                     "born": born})  # fmt: skip
        digests = keys.digests(reading(), keys_of(one))
        digests |= set(keys.searched(reading(), search_keys.keys_of(one)))
        found.extend({"n": number, "digest": digest} for digest in sorted(digests))
    return rows, found
