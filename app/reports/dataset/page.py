"""The dataset as it is shown: filtered, protected, in tables and charts (G3).

Whoever may see cases sees every figure; everybody else what may be published: small numbers are
withheld in each quarter, over all areas together, before anything is chosen or added up. A filter
only picks from that, so that no two of them say more together than they say alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.reports.dataset import queries
from app.reports.dataset.publishing import (
    NONE,
    Chosen,
    Key,
    as_shown,
    hidden_in,
    mine,
    published,
)
from app.reports.dataset.queries import Figure
from app.reports.dataset.rules import chosen, month_of, periods
from app.reports.dataset.service import MEASURES
from app.reports.dataset.types import (
    BY_AGENCY,
    CAMDEN,
    CLOCKS,
    PARTS,
    Measure,
    Period,
    Place,
    Progress,
    Published,
    keys_of,
    values_of_part,
    words_of,
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: `percent` of the longest; `text` says the figure."""

    label: str
    text: str
    percent: float
    place: float = 0.0  # of a column, from the left


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its chart. `heads` name the columns after the first."""

    id: str
    title: str
    counts: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    bars: tuple[Bar, ...]
    columns: bool = False  # upright columns in place of bars
    chart_says: str = ""  # those in words, for who hears the page


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    source: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class DatasetPage:
    chosen: Chosen
    progress: Progress
    sections: tuple[Section, ...]
    hotspots: Table | None
    protected: bool
    kept: bool  # whether cases that were deleted since are among what was counted


def choose(session: Session, asked: Mapping[str, str], now: datetime) -> Chosen:
    """The filter that an address asks for; what it does not know is left out."""
    places = queries.places(session)
    areas = {place.area: place.team for place in places}
    offered = periods(now, queries.first_month(session))
    team = asked.get("team", "")
    team = team if team in areas.values() else ""
    area = asked.get("area", "")
    area = area if area in areas and team in ("", areas[area]) else ""
    words = (area and f"Area {area}") or (team and f"Team {team}") or "The whole council"
    return Chosen(
        period=chosen(offered, asked.get("period", "")),
        periods=offered,
        team=team,
        teams=tuple(dict.fromkeys(areas.values())),
        area=area,
        areas=tuple(areas),
        where=words,
    )


def page_of(session: Session, picked: Chosen, *, protected: bool, now: datetime) -> DatasetPage:
    """Everything the page shows of a period."""
    months = [month for quarter in picked.period.quarters for month in quarter.months]
    places = queries.places(session)
    figures = queries.figures(session, months)
    shown = published(figures, picked, places, protected=protected)
    # What counts letters and requests is told of the whole council alone.
    cut = protected and bool(picked.area or picked.team)
    return DatasetPage(
        chosen=picked,
        progress=_progress(session, picked.period, now),
        sections=(
            Section(
                "Referrals",
                "Source: HO2014, Camden, management information dataset",
                tuple(
                    _plain(one, shown[one])
                    for one in (*CAMDEN, Measure.AGAIN, Measure.NO_REFERRAL)
                    if _is_shown(one, picked)
                ),
            ),
            Section(
                "Clocks",
                "Source: the protocol of each case",
                (_clocks(shown, of_agencies=not cut),),
            ),
            Section("Lateness", "", (_plain(Measure.LATE_BECAUSE, shown[Measure.LATE_BECAUSE]),)),
            Section(
                "Agencies",
                "The whole council" if cut else "",
                tuple(_crossed(one, shown[one]) for one in BY_AGENCY),
            ),
            Section(
                "Workload",
                "",
                tuple(_plain(one, shown[one]) for one in (Measure.HOUR, Measure.WEEKDAY)),
            ),
        ),
        hotspots=_hotspots(figures, picked, places, protected=protected),
        protected=protected,
        kept=queries.any_kept(session, months),
    )


def _is_shown(measure: Measure, picked: Chosen) -> bool:
    # For a part of the council the hotspots say it by ward.
    return measure is not Measure.CONCERN or not (picked.area or picked.team)


# Tables


def _plain(measure: Measure, found: Mapping[str, Published]) -> Table:
    """A measure as one list of figures, with bars for the counts."""
    kinds = PARTS[measure]
    keys = [key for key in keys_of(measure) if key in found or _always(measure)]
    figures = [(_key_words(kinds, key), found.get(key, NONE)) for key in keys]
    longest = max((one.count for _, one in figures), default=0) or 1
    whole = sum(one.count for _, one in figures)
    exact = not any(one.withheld for _, one in figures)
    rows = tuple(
        (words, (one.words, _share(one.count, whole) if exact else "not shown"))
        for words, one in figures
    )
    columns = measure is Measure.HOUR
    return Table(
        id=measure.value,
        title=measure.title,
        counts=measure.counts,
        heads=("Number", "Share"),
        rows=rows,
        bars=tuple(
            Bar(
                str(place) if columns else words,
                one.words,
                100 * one.count / longest,
                100 * place / max(len(figures), 1),
            )
            for place, (words, one) in enumerate(figures)
        ),
        columns=columns,
        chart_says=_says(measure.title, figures) if columns else "",
    )


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.0f}%" if whole else "none yet"


def _crossed(measure: Measure, found: Mapping[str, Published]) -> Table:
    """A measure of two parts: the first down, the second across, with the share that is good."""
    down, across = PARTS[measure]
    found = _summed(found, lambda key: ["|".join(key.split("|")[:2])])
    seen = {key.partition("|")[0] for key in found}
    lines = [
        (
            words_of(down, one),
            {each: found.get(f"{one}|{each}", NONE) for each in values_of_part(across)},
        )
        for one in values_of_part(down)
        if one in seen
    ]
    return _shares(
        measure.value, measure.title, measure.counts, across, measure.good,
        lines, values_of_part(across),
    )  # fmt: skip


def _clocks(found: Mapping[Measure, Mapping[str, Published]], *, of_agencies: bool) -> Table:
    """Every clock, with targets and plans in lines of their own (B1)."""
    lines = []
    for measure in CLOCKS:
        if measure is Measure.GATHERING and not of_agencies:
            continue
        counted = _summed(
            found[Measure.ASKED if measure is Measure.GATHERING else measure],
            _of_agencies if measure is Measure.GATHERING else _with_limit_behind,
        )
        for force in values_of_part("force"):
            cells = {each: counted.get(f"{force}|{each}", NONE) for each in values_of_part("clock")}
            if force == "limit" or any(one != NONE for one in cells.values()):
                also = "" if force == "limit" else f" ({words_of('force', force).lower()})"
                lines.append((f"{measure.title}{also}", cells))
    counts = (
        "Each clock counts what came up in the period. What is overdue and still open counts as "
        "missed, as of when it was counted; what is open and not due yet is left out of the share. "
        "A request that was withdrawn when it was overdue counts as missed. "
        "A missed target or plan stands apart from a missed limit; where a limit stands behind a "
        "target, a discussion counts for both."
    )
    return _shares(
        "clocks", "Timeliness of every clock", counts, "clock", "met", lines,
        values_of_part("clock"),
    )  # fmt: skip


def _summed(
    found: Mapping[str, Published], to: Callable[[str], Iterable[str]]
) -> dict[str, Published]:
    """Figures added up under the keys to which each belongs: sums of what is shown, so that they
    say no more than that."""
    sums: defaultdict[str, Published] = defaultdict(Published)
    for key, figure in found.items():
        for place in to(key):
            sums[place] += figure
    return sums


def _of_agencies(key: str) -> Iterator[str]:
    """The clock of requests to all agencies together, by how binding their time was."""
    _, state, *force = key.split("|")
    yield f"{force[0] if force else 'limit'}|{state.replace('in_time', 'met')}"


def _with_limit_behind(key: str) -> Iterator[str]:
    """What has a limit behind its target or plan counts for both (B1)."""
    force, state, *behind = key.split("|")
    yield f"{force}|{state}"
    if behind:
        yield f"limit|{behind[0]}"


def _shares(
    id: str, title: str, counts: str, across: str, good: str,
    lines: Sequence[tuple[str, Mapping[str, Published]]], order: Sequence[str],
) -> Table:  # fmt: skip
    rows, bars = [], []
    for words, cells in lines:
        # What is open or not noted is judged neither way.
        judged = [cells[one] for one in order if one not in ("open", "unknown")]
        whole = sum(one.count for one in judged)
        exact = not any(one.withheld for one in judged)
        share = 100 * cells[good].count / whole if whole else 0.0
        told = f"{share:.0f}%" if exact and whole else "not shown" if not exact else "none yet"
        rows.append((words, (*(cells[one].words for one in order), told)))
        of = f"{told}, {cells[good].words} of {whole:,}" if exact and whole else told
        bars.append(Bar(words, of, share if exact else 0.0))
    heads = (*(words_of(across, one) for one in order), f"Share {words_of(across, good).lower()}")
    return Table(id, title, counts, heads, tuple(rows), tuple(bars))


def _hotspots(
    figures: Iterable[Figure], picked: Chosen, places: Sequence[Place], *, protected: bool
) -> Table | None:
    """Concerns by ward. Rows are wards, so that it can be read on a narrow screen."""
    quarter_of = {month: one.key for one in picked.period.quarters for month in one.months}
    counted: defaultdict[str, defaultdict[Key, int]] = defaultdict(lambda: defaultdict(int))
    for one in figures:
        if one.measure == Measure.CONCERN.value:
            counted[quarter_of[one.month]][one.key, str(one.ward_id)] += one.number
    wards = tuple(str(place.ward_id) for place in places)
    cells: dict[Key, Published] = {}
    for table in counted.values():
        hidden = hidden_in(Measure.CONCERN, table, wards) if protected else frozenset()
        for row in keys_of(Measure.CONCERN):
            for ward in wards:
                figure = as_shown(table.get((row, ward), 0), (row, ward) in hidden)
                cells[row, ward] = cells.get((row, ward), NONE) + figure
    concerns = [
        one
        for one in keys_of(Measure.CONCERN)
        if any(key == one and figure != NONE for (key, _), figure in cells.items())
    ]
    here = [
        place
        for place in mine(picked, places)
        if any(cells.get((one, str(place.ward_id)), NONE) != NONE for one in concerns)
    ]
    if not concerns or not here:
        return None
    lines = []
    spots = []
    for place in here:
        line = [cells[one, str(place.ward_id)] for one in concerns]
        name = f"{place.ward} ({place.area})" if place.ward_id else "Ward not known"
        lines.append((name, tuple(one.words for one in line)))
        spots += [
            (figure.count, f"{name}: {words_of('concern', concern)}", figure.words)
            for concern, figure in zip(concerns, line, strict=True)
            if figure.count and place.ward_id
        ]
    highest = sorted(spots, key=lambda one: (-one[0], one[1]))[:10]
    longest = highest[0][0] if highest else 1
    return Table(
        id="hotspots",
        title="Hotspots by ward and concern",
        counts=Measure.CONCERN.counts,
        heads=tuple(words_of("concern", one) for one in concerns),
        rows=tuple(lines),
        bars=tuple(Bar(words, text, 100 * count / longest) for count, words, text in highest),
    )


# Words and order


def _always(measure: Measure) -> bool:
    """Whether a table lists a key also where nothing was counted."""
    return measure in (
        Measure.TIME, Measure.AGAIN, Measure.LATE_BECAUSE, Measure.HOUR,
        Measure.WEEKDAY,
    )  # fmt: skip


def _key_words(kinds: Sequence[str], key: str) -> str:
    parts = [words_of(kind, part) for kind, part in zip(kinds, key.split("|"), strict=True)]
    if len(parts) == 1:
        return parts[0]
    before, after = parts
    if after == words_of("rating", "none"):
        return f"{before}, not rated again" if before != after else "Not rated"
    return f"{before} before, {after.lower()} after"


def _says(title: str, figures: Iterable[tuple[str, Published]]) -> str:
    """A chart in words, for those who hear the page."""
    told = "; ".join(f"{words}: {one.words}" for words, one in figures)
    return f"{title}. {told or 'Nothing was counted'}."


def _progress(session: Session, period: Period, now: datetime) -> Progress:
    rows = queries.months_of(session, [one for each in period.quarters for one in each.months])
    due = [row for row in rows if row.month <= month_of(now)]
    parts = len(MEASURES)
    return Progress(
        months=len(due),
        done=sum(row.worked_at is not None for row in due),
        parts=parts * len(due),
        parts_done=sum(row.parts_done if row.worked_at is None else parts for row in due),
        oldest=min((row.worked_at for row in due if row.worked_at), default=None),
    )
