"""The figures of a quarter or a year, counted by the database (G6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Date, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.directory.types import AgencyKind
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Attendance
from app.referrals.models import Referral
from app.referrals.types import Outcome, Rating
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.types import NearMissKind
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.types import Grade

_START, _END = bindparam("start", type_=UTCDateTime()), bindparam("end", type_=UTCDateTime())


def _how_many(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


_REFERRALS = (
    select(
        Referral.outcome,
        Referral.rating,
        func.count(),
        _how_many(Referral.decided_at <= Referral.decision_due_at),
        _how_many(Referral.decided_at.is_not(None)),
        _how_many(Referral.earlier_referral_id.is_not(None)),
        _how_many(Referral.in_office_hours.is_(False)),
    )
    .where(Referral.received_at >= _START, Referral.received_at < _END)
    .group_by(Referral.outcome, Referral.rating)
)
_began = func.coalesce(Meeting.started_at, Meeting.starts_at)
_in_period = (Meeting.ended_at >= _START) & (Meeting.ended_at < _END)
_DISCUSSIONS = select(
    func.count(),
    _how_many(Meeting.due_at.is_not(None)),
    _how_many(_began <= Meeting.due_at),
    _how_many(Meeting.circulated_at.is_not(None) & Meeting.record_due_at.is_not(None)),
    _how_many(Meeting.circulated_at <= Meeting.record_due_at),
).where(_in_period)
_took_part = Invitee.attendance.in_(
    (Attendance.IN_PERSON, Attendance.BY_PHONE, Attendance.JOINED_LATE)
)
_ATTENDANCE = (
    select(
        Invitee.agency_kind,
        func.count(),
        _how_many(_took_part),
        _how_many(Invitee.attendance == Attendance.REPORT_ONLY),
    )
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(_in_period, Invitee.removed_at.is_(None), Invitee.attendance.is_not(None))
    .group_by(Invitee.agency_kind)
)
_NEAR_MISSES = (
    select(NearMiss.kind, func.count(), _how_many(NearMiss.reviewed_at.is_not(None)))
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


class Referrals(NamedTuple):
    """Of the referrals that came in: `in_time` of `decided`."""

    total: int
    by_outcome: dict[Outcome, int]
    by_rating: dict[Rating, int]
    undecided: int
    unrated: int
    decided: int
    in_time: int
    re_referrals: int
    out_of_hours: int


class Discussions(NamedTuple):
    """Of the discussions that ended: `held_in_time` of `with_limit`, records sent round in time."""

    total: int
    with_limit: int
    held_in_time: int
    circulated: int
    circulated_in_time: int


class Attended(NamedTuple):
    asked: int
    came: int
    reported: int


class Audited(NamedTuple):
    """Cases of the samples; `answers` of those that were reviewed."""

    drawn: int
    grades: dict[Grade, int]
    answers: list[Mapping[str, str]]


def referrals(session: Session, start: datetime, end: datetime) -> Referrals:
    by_outcome, by_rating = dict.fromkeys(Outcome, 0), dict.fromkeys(Rating, 0)
    undecided = unrated = total = 0
    sums = [0, 0, 0, 0]
    for outcome, rating, count, *more in session.execute(_REFERRALS, {"start": start, "end": end}):
        total += count
        if outcome is None:
            undecided += count
        else:
            by_outcome[outcome] += count
        if rating is None:
            unrated += count
        else:
            by_rating[rating] += count
        sums = [one + (other or 0) for one, other in zip(sums, more, strict=True)]
    in_time, decided, again, out_of_hours = sums
    return Referrals(
        total, by_outcome, by_rating, undecided, unrated, decided, in_time, again, out_of_hours
    )


def discussions(session: Session, start: datetime, end: datetime) -> Discussions:
    row = session.execute(_DISCUSSIONS, {"start": start, "end": end}).one()
    return Discussions(*(value or 0 for value in row))


def attendance(session: Session, start: datetime, end: datetime) -> dict[AgencyKind, Attended]:
    rows = session.execute(_ATTENDANCE, {"start": start, "end": end})
    return {kind: Attended(*(value or 0 for value in counts)) for kind, *counts in rows}


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
