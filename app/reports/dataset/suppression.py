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

from collections import deque
from collections.abc import Mapping, Sequence

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
    waiting = deque(sorted(hidden))
    while waiting:
        cell = waiting.popleft()
        if _may_differ(cell, counts, hidden, beside):
            continue
        partner = _partner(cell, counts, hidden, beside)
        if partner is None:
            continue  # the whole table is withheld
        hidden.add(partner)
        waiting.extend((partner, cell))
    # What was added later may have opened a way, never closed one: nothing has to be asked again.
    return frozenset(hidden)


def _ends(cell: Cell) -> tuple[_Node, _Node]:
    """Where a number comes from and where it goes."""
    row, column = cell
    inside: _Node = ("row", row)
    return (_OUTSIDE, inside) if column == TOTAL else (inside, ("column", column))


def _may_differ(
    cell: Cell, counts: Mapping[Cell, int], hidden: set[Cell], beside: Mapping[_Node, list[Cell]]
) -> bool:
    begin, end = _ends(cell)
    if _way(end, begin, cell, counts, hidden, beside):
        return True  # one more
    return counts[cell] > 0 and _way(begin, end, cell, counts, hidden, beside)  # one less


def _way(
    start: _Node,
    goal: _Node,
    without: Cell,
    counts: Mapping[Cell, int],
    hidden: set[Cell],
    beside: Mapping[_Node, list[Cell]],
) -> bool:
    """Whether a change can be carried on from `start` to `goal` by other withheld numbers: with
    the flow by one more, against it by one less."""
    seen, waiting = {start}, deque([start])
    while waiting:
        here = waiting.popleft()
        if here == goal:
            return True
        for cell in beside[here]:
            if cell not in hidden or cell == without:
                continue
            begin, end = _ends(cell)
            there = end if begin == here else begin
            if there not in seen and (begin == here or counts[cell] > 0):
                seen.add(there)
                waiting.append(there)
    return False


def _partner(
    cell: Cell, counts: Mapping[Cell, int], hidden: set[Cell], beside: Mapping[_Node, list[Cell]]
) -> Cell | None:
    """What is withheld beside it: the smallest number next to it that is not nought, cells before
    totals; else the next best anywhere."""
    near = {one for end in _ends(cell) for one in beside[end] if end != _OUTSIDE}
    for candidates in (near, counts.keys()):
        free = [one for one in candidates if one not in hidden]
        if free:
            return min(free, key=lambda one: (counts[one] == 0, one[1] == TOTAL, counts[one], one))
    return None
