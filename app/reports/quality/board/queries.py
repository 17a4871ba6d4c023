"""What the report says of the work itself, counted by the database (G6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Date, bindparam, func, select
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.types import NearMissKind
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.types import Grade

_START, _END = bindparam("start", type_=UTCDateTime()), bindparam("end", type_=UTCDateTime())


_NEAR_MISSES = (
    select(NearMiss.kind, func.count(), func.count(NearMiss.reviewed_at))
    .where(NearMiss.reported_at >= _START, NearMiss.reported_at < _END)
    .group_by(NearMiss.kind)
)
_AUDITS = (
    select(AuditedCase.grade, AuditedCase.answers)
    .join(AuditSample, AuditSample.id == AuditedCase.sample_id)
    .where(
        AuditSample.month >= bindparam("start", type_=Date()),
        AuditSample.month < bindparam("end", type_=Date()),
    )
)


class Audited(NamedTuple):
    """Cases of the samples; `answers` of those that were reviewed."""

    drawn: int
    grades: dict[Grade, int]
    answers: list[Mapping[str, str]]


def near_misses(
    session: Session, start: datetime, end: datetime
) -> tuple[dict[NearMissKind, int], int]:
    """By kind, and how many of all were reviewed."""
    counts, reviewed = dict.fromkeys(NearMissKind, 0), 0
    for kind, count, seen in session.execute(_NEAR_MISSES, {"start": start, "end": end}):
        counts[kind] = count
        reviewed += seen or 0
    return counts, reviewed


def audited(session: Session, start: date, end: date) -> Audited:
    rows = session.execute(_AUDITS, {"start": start, "end": end}).all()
    grades = dict.fromkeys(Grade, 0)
    for grade, _answers in rows:
        if grade is not None:
            grades[grade] += 1
    return Audited(len(rows), grades, [answers for grade, answers in rows if grade is not None])
