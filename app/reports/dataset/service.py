"""Keeping the dataset's figures: which months changed, and one measure of one month at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.reports.dataset import queries
from app.reports.dataset.counting import Counted, count_case
from app.reports.dataset.measures import LOST_WITH_CASE
from app.reports.dataset.models import DatasetFigure, DatasetKept, DatasetMonth, DatasetSeen
from app.reports.dataset.rules import is_due, is_young, month_of, months_between
from app.reports.dataset.types import Measure
from app.retention.cases import CaseRows

# Information gathering is the sum of what agencies were asked.
MEASURES = tuple(one for one in Measure if one is not Measure.GATHERING)
_PLACE = ("month", "measure", "ward_id", "key")
AT_ONCE = 2000  # rows of the audit


class Part(NamedTuple):
    """One measure of one month that is to be counted next."""

    month: str
    number: int

    @property
    def measure(self) -> Measure:
        return MEASURES[self.number]


def note_changes(session: Session, now: datetime) -> int:
    """Mark the months of whatever changed since last time; returns how many rows were read.

    The audit tells of every change, in the transaction of the change itself, so that no service
    has to know of the dataset. The first time every month from the oldest on is marked.
    """
    last, mark = queries.last_entry(session), queries.seen(session)
    if mark is None:
        oldest = queries.oldest(session)
        _mark(session, months_between(month_of(oldest or now), month_of(now)), now)
        session.add(DatasetSeen(id=1, entry_id=last))
        session.flush()
        return 1
    until = min(last, mark.entry_id + AT_ONCE)
    if until == mark.entry_id:
        return 0
    moments = queries.touched(session, mark.entry_id, until)
    _mark(session, sorted({month_of(moment) for moment in moments}), now)
    read, mark.entry_id = until - mark.entry_id, until
    session.flush()
    return read


def next_part(session: Session, now: datetime) -> Part | None:
    """What is to be counted next: the newest month that is begun or due."""
    for row in queries.all_months(session):
        if row.parts_done or is_due(
            now, row.changed_at, row.begun_at, row.worked_at, row.milliseconds / 1000,
            young=is_young(row.month, now),
        ):  # fmt: skip
            return Part(row.month, row.parts_done)
    return None


def keep(
    session: Session, part: Part, counted: Sequence[Counted], seconds: float,
    began_at: datetime, now: datetime,
) -> bool:  # fmt: skip
    """Put new figures in the place of the old ones; False where another worker was first.

    `began_at` is when counting this part began: what changes after it is counted next time.
    """
    row = session.get(DatasetMonth, part.month, with_for_update=True, populate_existing=True)
    if row is None or row.parts_done != part.number:
        return False
    session.execute(
        delete(DatasetFigure).where(
            DatasetFigure.month == part.month, DatasetFigure.measure == part.measure.value
        )
    )
    numbers = {(one.ward_id, one.key): one.number for one in counted}
    for held in queries.kept(session, part.month, part.measure.value):
        place = held.ward_id, held.key
        numbers[place] = numbers.get(place, 0) + held.count
    if numbers:
        session.execute(
            insert(DatasetFigure),
            [
                {
                    "month": part.month,
                    "measure": part.measure.value,
                    "ward_id": ward_id,
                    "key": key,
                    "count": number,
                }
                for (ward_id, key), number in numbers.items()
            ],
        )
    if part.number == 0:
        row.begun_at, row.milliseconds = began_at, 0
    row.milliseconds += round(1000 * seconds)
    row.parts_done += 1
    if row.parts_done == len(MEASURES):
        row.parts_done, row.worked_at = 0, now
    session.flush()
    return True


def keep_counted(session: Session, rows: CaseRows, now: datetime) -> None:
    """Keep what a case that is about to be deleted adds to the figures (decision 0021).

    In the transaction of the deletion, before it. A month that is being counted just now is begun
    anew: what was read of it before the deletion must not meet what is kept here.
    """
    numbers: dict[str, list[int]] = {
        "referrals": [rows.referral_id] if rows.referral_id else [],
        "meetings": rows.meetings,
        "abuse_cases": [rows.abuse_case_id] if rows.abuse_case_id else [],
    }
    months = sorted({month_of(moment) for moment in queries.moments_of(session, numbers)})
    for month in months:
        for measure in LOST_WITH_CASE:
            for ward_id, key, number in count_case(session, measure, month, numbers, now):
                place = (month, measure.value, ward_id, key)
                held = session.get(DatasetKept, place, with_for_update=True, populate_existing=True)
                if held is None:
                    session.add(DatasetKept(**dict(zip(_PLACE, place, strict=True)), count=number))
                else:
                    held.count += number
    session.execute(update(DatasetMonth).where(DatasetMonth.month.in_(months)).values(parts_done=0))
    session.flush()


def _mark(session: Session, months: Sequence[str], now: datetime) -> None:
    held = {row.month: row for row in queries.months_of(session, months)}
    for month in months:
        if month in held:
            held[month].changed_at = now
        else:
            session.add(
                DatasetMonth(
                    month=month, changed_at=now, begun_at=None, worked_at=None,
                    parts_done=0, milliseconds=0,
                )
            )  # fmt: skip
    session.flush()
