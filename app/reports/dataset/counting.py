"""The figures of one local month, or what one case adds to them, from the statements of `measures`
(G3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.referrals.types import Concern
from app.reports.dataset.measures import OF_CASE, STATEMENTS
from app.reports.dataset.rules import stretches
from app.reports.dataset.types import Measure


class Counted(NamedTuple):
    ward_id: int
    key: str
    number: int


def count(session: Session, measure: Measure, month: str, at: datetime) -> list[Counted]:
    """The figures of one measure in one local month, as they stand at this moment."""
    return _count(session, measure, STATEMENTS[measure], month, {"at": at})


def count_case(
    session: Session, measure: Measure, month: str, rows: Mapping[str, Sequence[int]], at: datetime
) -> list[Counted]:
    """What one case adds to a measure of LOST_WITH_CASE in a month. `rows` numbers its
    `referrals`, `meetings` and `abuse_cases`."""
    return _count(session, measure, OF_CASE[measure], month, {"at": at, **rows})


def _count(
    session: Session, measure: Measure, statement: Select[Any], month: str,
    given: Mapping[str, Any],
) -> list[Counted]:  # fmt: skip
    found: dict[tuple[int, str], int] = {}
    for first, last, ahead in stretches(month):
        values = {**given, "from_at": first, "until_at": last, "ahead": ahead}
        for ward_id, key, counted in _by_key(measure, session.execute(statement, values)):
            found[ward_id, key] = found.get((ward_id, key), 0) + counted
    return [Counted(*place, counted) for place, counted in found.items() if counted]


def _by_key(measure: Measure, rows: Iterable[Any]) -> Iterator[tuple[int, str, int]]:
    if measure is not Measure.CONCERN:
        yield from (tuple(row) for row in rows)
        return
    for ward_id, *counts in rows:
        for concern, counted in zip(Concern, counts, strict=True):
            yield ward_id or 0, concern.value, int(counted)
