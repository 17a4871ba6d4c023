"""What may be shown of the figures: small numbers are withheld before anything is chosen (G3).

In each quarter, over all areas together; a filter only picks from that, so that no two of them say
more together than they say alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.reports.dataset.queries import Figure
from app.reports.dataset.suppression import TOTAL, withheld
from app.reports.dataset.types import (
    BY_AGENCY,
    OPEN_TO_ALL,
    Measure,
    Period,
    Place,
    Published,
    group_of,
    keys_of,
)

Key = tuple[str, str]  # of a measure, and of a place: a ward, or an area
NONE = Published()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filter as the address has it, made sure of."""

    period: Period
    periods: tuple[Period, ...]
    team: str
    teams: tuple[str, ...]
    area: str
    areas: tuple[str, ...]
    where: str  # in words


def published(
    figures: Iterable[Figure], picked: Chosen, places: Sequence[Place], *, protected: bool
) -> dict[Measure, dict[str, Published]]:
    """The figures of each measure by key, for the chosen place."""
    area_of = {place.ward_id: place.area for place in places}
    counted: defaultdict[tuple[str, Measure], defaultdict[Key, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    quarter_of = {month: one.key for one in picked.period.quarters for month in one.months}
    for one in figures:
        measure = Measure(one.measure)
        # Concerns are protected by ward, in the table of hotspots, and shown as its totals.
        place = str(one.ward_id) if measure is Measure.CONCERN else area_of[one.ward_id]
        counted[quarter_of[one.month], measure][one.key, place] += one.number
    wards = tuple(str(place.ward_id) for place in places)
    areas = tuple(dict.fromkeys(place.area for place in places))
    found: dict[Measure, dict[str, Published]] = {one: {} for one in Measure}
    for (quarter, measure), table in list(counted.items()):
        columns = wards if measure is Measure.CONCERN else areas
        wanted = _columns(measure, picked, places, columns)
        if measure in BY_AGENCY and protected:
            wanted = None
        hidden: frozenset[Key] = frozenset()
        if protected:
            hidden = hidden_in(measure, table, columns)
        if protected and measure is Measure.TIME:
            hidden |= hidden_with_clock(table, hidden, counted[quarter, Measure.DECISION], columns)
        for row in {key for key, _ in table}:
            if wanted is None:
                total = sum(table.get((row, column), 0) for column in columns)
                figure = as_shown(total, (row, TOTAL) in hidden)
            else:
                figure = sum(
                    (as_shown(table.get((row, one), 0), (row, one) in hidden) for one in wanted),
                    NONE,
                )
            found[measure][row] = found[measure].get(row, NONE) + figure
        for row, place in hidden:
            # What is withheld beside a small number may be nought.
            if row not in found[measure] and (place in wanted if wanted else place == TOTAL):
                found[measure][row] = Published(0, True)
    return found


def hidden_in(measure: Measure, table: Mapping[Key, int], columns: Sequence[str]) -> frozenset[Key]:
    """What of one measure in one quarter must not be shown."""
    if measure in BY_AGENCY:
        return frozenset()
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys_of(measure):
        if (measure, key) not in OPEN_TO_ALL:
            rows[group_of(measure, key)].append(key)
    return frozenset().union(*(withheld(table, each, columns) for each in rows.values()))


def hidden_with_clock(
    times: Mapping[Key, int],
    hidden: frozenset[Key],
    clock: Mapping[Key, int],
    columns: Sequence[str],
) -> frozenset[Key]:
    """What more of the times to a decision must not be shown, so that they do not add up to what
    the clock of the decision withholds.

    Of what was in time, and of what was late, one row is withheld wherever the clock's line is:
    the same row in every place, so that its own sum does not tell it either.
    """
    lines = hidden_in(Measure.DECISION, clock, columns)
    more: set[Key] = set()
    for group in ("met", "late"):
        places = [place for line, place in lines if line == f"limit|{group}"]
        if not places:
            continue
        rows = [key for key in keys_of(Measure.TIME) if group_of(Measure.TIME, key) == group]

        def fitness(row: str, places: Sequence[str] = places) -> tuple[bool, int, int]:
            """First what may be one less everywhere, then what costs least."""
            counts = [
                sum(times.get((row, one), 0) for one in columns)
                if place == TOTAL
                else times.get((row, place), 0)
                for place in places
            ]
            return min(counts) > 0, sum((row, place) in hidden for place in places), -sum(counts)

        best = max(rows, key=fitness)
        more |= {(best, place) for place in places}
    return frozenset(more)


def as_shown(count: int, hidden: bool) -> Published:
    """A count, or that one is withheld."""
    return Published(0, True) if hidden else Published(count)


def _columns(
    measure: Measure, picked: Chosen, places: Sequence[Place], columns: Sequence[str]
) -> tuple[str, ...] | None:
    """The columns that the filter picks; None for all of them together."""
    if not picked.area and not picked.team:
        return None
    here = mine(picked, places)
    names = {str(one.ward_id) if measure is Measure.CONCERN else one.area for one in here}
    return tuple(one for one in columns if one in names)


def mine(picked: Chosen, places: Sequence[Place]) -> list[Place]:
    """The wards that the filter picks."""
    return [
        place
        for place in places
        if picked.area in ("", place.area) and picked.team in ("", place.team)
    ]
