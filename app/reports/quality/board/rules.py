"""Small numbers are not told (G6, G3): pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from app.reports.quality.board.types import Row

# A count from 1 to 4 may point to a family; nought tells of nobody.
LEAST = 5
HIDDEN = f"1 to {LEAST - 1}"
WITHHELD = "Withheld"
Key = TypeVar("Key")


def suppressed(counts: Mapping[Key, int]) -> dict[Key, int | None]:
    """The counts of one table with those withheld that are small, and, where but one is or their
    sum is small, the next smallest too: else the total would give it away."""
    shown: dict[Key, int | None] = {
        key: None if 0 < count < LEAST else count for key, count in counts.items()
    }
    hidden = [count for key, count in counts.items() if shown[key] is None]
    rest = sorted(
        (key for key, count in shown.items() if count), key=lambda key: counts[key], reverse=True
    )
    while hidden and (len(hidden) == 1 or sum(hidden) < LEAST) and rest:
        key = rest.pop()
        shown[key] = None
        hidden.append(counts[key])
    return shown


def rows(counts: Mapping[str, int]) -> tuple[Row, ...]:
    """A table's rows, each with its share of the largest as the length of its bar."""
    shown = suppressed(counts)
    largest = max((count for count in shown.values() if count), default=0)
    return tuple(
        Row(label, _hidden(counts[label]), None)
        if count is None
        else Row(label, f"{count:,}", round(100 * count / largest) if largest else 0)
        for label, count in shown.items()
    )


def _hidden(count: int) -> str:
    return HIDDEN if count < LEAST else WITHHELD


def rate(label: str, met: int, of: int) -> Row:
    """`37 of 40 (93%)`; withheld where either side of it is small."""
    if of == 0:
        return Row(label, "None", None)
    if any(0 < side < LEAST for side in (met, of - met)):
        return Row(label, "Withheld: too few to tell", None)
    share = round(100 * met / of)
    return Row(label, f"{met:,} of {of:,} ({share}%)", share)


def rate_in_words(met: int, of: int) -> str:
    """The same in a sentence: `37 of 40`, or that there are too few."""
    return rate("", met, of).value.partition(" (")[0]
