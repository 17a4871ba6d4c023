"""Small numbers are withheld, and so is what would give them away: pure (G3).

The rule is that of the Department for Education's children in need statistics: any number from 1
to 5 is replaced by `c`, and others beside it where that is necessary (secondary suppression).
Source: https://explore-education-statistics.service.gov.uk/find-statistics/children-in-need

A table of counts is seen as a network: a row's total flows into the row, each cell from its row to
its column, and what a column gathers is known. What is shown stands fixed; what is withheld may
be any number from 0 up. A withheld number is safe when another value of it fits everything that is
shown: when there is a way round through withheld numbers on which one more here can be made up for
by more and less elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

SMALLEST_SHOWN = 6  # DfE: 1 to 5 are withheld
TOTAL = ""
Cell = tuple[str, str]  # row and column; a row's total has the column TOTAL

_Node = tuple[str, str]
_OUTSIDE: _Node = ("outside", "")


def withheld(
    table: Mapping[Cell, int], rows: Sequence[str], columns: Sequence[str]
) -> frozenset[Cell]:
    """The cells and row totals (column TOTAL) of a table that must not be shown.

    `table` holds the counts, 0 where there is none. Whoever reads it is taken to know what each
    column adds up to, from another table.
    """
    counts = {(row, column): table.get((row, column), 0) for row in rows for column in columns}
    counts |= {(row, TOTAL): sum(counts[row, one] for one in columns) for row in rows}
    hidden = {cell for cell, count in counts.items() if 0 < count < SMALLEST_SHOWN}
    # By row and by column, so that what is next to a number is found without a search.
    beside: dict[_Node, list[Cell]] = {}
    for cell in counts:
        for end in _ends(cell):
            beside.setdefault(end, []).append(cell)
    for cell in sorted(hidden):
        hidden |= _way_round(cell, counts, hidden, beside)
    return frozenset(hidden)


def _ends(cell: Cell) -> tuple[_Node, _Node]:
    """Where a number comes from and where it goes."""
    row, column = cell
    inside: _Node = ("row", row)
    return (_OUTSIDE, inside) if column == TOTAL else (inside, ("column", column))


def _way_round(
    cell: Cell, counts: Mapping[Cell, int], hidden: set[Cell], beside: Mapping[_Node, list[Cell]]
) -> set[Cell]:
    """What has to be withheld so that this number may be another one: nothing where there is a
    way already, else the way that takes least from the table. Everything on it may then differ
    too, so nothing has to be asked twice; empty also where no way exists."""
    begin, end = _ends(cell)
    found = [_cheapest(end, begin, cell, counts, hidden, beside)]  # one more
    if counts[cell] > 0:
        found.append(_cheapest(begin, end, cell, counts, hidden, beside))  # one less
    ways = [way for way in found if way is not None]
    return set(min(ways)[1]) if ways else set()


def _cheapest(
    start: _Node,
    goal: _Node,
    without: Cell,
    counts: Mapping[Cell, int],
    hidden: set[Cell],
    beside: Mapping[_Node, list[Cell]],
) -> tuple[int, tuple[Cell, ...]] | None:
    """The way on which a change is carried on from `start` to `goal`, with the flow by one more,
    against it by one less: what it costs, and what on it is still shown."""
    best = {start: 0}
    waiting: list[tuple[int, _Node, tuple[Cell, ...]]] = [(0, start, ())]
    while waiting:
        cost, here, way = heappop(waiting)
        if here == goal:
            return cost, way
        for cell in beside[here]:
            begin, end = _ends(cell)
            if cell == without or (begin != here and counts[cell] == 0):
                continue
            there = end if begin == here else begin
            dearer = cost + (0 if cell in hidden else _loss(cell, counts[cell]))
            if dearer < best.get(there, dearer + 1):
                best[there] = dearer
                heappush(waiting, (dearer, there, way if cell in hidden else (*way, cell)))
    return None


def _loss(cell: Cell, count: int) -> int:
    """What it costs to withhold a number: a total most, small numbers least; a nought says that
    there was nothing, which is worth more than most."""
    if cell[1] == TOTAL:
        return 100_000 + count
    return 1_000 + count if count else 5_000
