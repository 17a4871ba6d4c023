"""Samples, their cases, and whose cases they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.meetings.models import Meeting
from app.records.models import RecordVersion
from app.referrals.models import Referral, ReferralDecision, ReferralRating
from app.referrals.types import Outcome
from app.reports.quality.periods import Period, month_before
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.rules import Candidate
from app.reports.quality.sample.types import Grade

_ids: Any = bindparam("ids", expanding=True)
_POPULATION = (
    select(Referral.id, Referral.ref, Referral.outcome)
    .where(
        Referral.received_at >= bindparam("start", type_=UTCDateTime()),
        Referral.received_at < bindparam("end", type_=UTCDateTime()),
        Referral.outcome.is_not(None),
        Referral.filtered.is_(None),  # what is no referral is no case (A12)
    )
    .order_by(Referral.id)
)
_SAMPLES = (
    select(
        AuditSample.month,
        AuditSample.population,
        AuditSample.drawn_at,
        func.count(AuditedCase.id),
        func.sum(case((AuditedCase.reviewed_at.is_not(None), 1), else_=0)),
    )
    .outerjoin(AuditedCase, AuditedCase.sample_id == AuditSample.id)
    .group_by(AuditSample.id)
    .order_by(AuditSample.month.desc())
    .limit(13)
)
_OF_MONTH = select(AuditSample).where(AuditSample.month == bindparam("month"))
_CASES = (
    select(
        AuditedCase.position,
        AuditedCase.referral_id,
        Referral.ref,
        AuditedCase.outcome,
        AuditedCase.grade,
        Staff.name,
        AuditedCase.reviewed_at,
    )
    .join(Referral, Referral.id == AuditedCase.referral_id)
    .outerjoin(Staff, Staff.id == AuditedCase.reviewer_id)
    .where(AuditedCase.sample_id == bindparam("sample"))
    .order_by(AuditedCase.position)
)
_ONE = select(AuditedCase).where(
    AuditedCase.sample_id == bindparam("sample"), AuditedCase.position == bindparam("position")
)
_WORKED_ON: CompoundSelect[Any] = union_all(
    select(Referral.id.label("id"), Referral.recorded_by_id.label("staff_id")).where(
        Referral.id.in_(_ids)
    ),
    select(ReferralRating.referral_id, ReferralRating.rated_by_id).where(
        ReferralRating.referral_id.in_(_ids)
    ),
    select(ReferralDecision.referral_id, ReferralDecision.decided_by_id).where(
        ReferralDecision.referral_id.in_(_ids)
    ),
    select(Meeting.referral_id, Meeting.need_decided_by_id).where(Meeting.referral_id.in_(_ids)),
    select(Meeting.referral_id, Meeting.chair_id).where(Meeting.referral_id.in_(_ids)),
    select(Meeting.referral_id, RecordVersion.signed_by_id)
    .join(RecordVersion, RecordVersion.meeting_id == Meeting.id)
    .where(Meeting.referral_id.in_(_ids)),
)


# A sample that was missed is made up for within a year: the page shows no older one either.
MONTHS = 12
_FIRST_DRAWN = func.coalesce(
    select(func.min(AuditSample.month)).scalar_subquery(), bindparam("month_0", type_=Date())
)


def _is_undrawn(place: int) -> ColumnElement[bool]:
    month = bindparam(f"month_{place}", type_=Date())
    return and_(
        month >= _FIRST_DRAWN,
        ~exists().where(AuditSample.month == month),
        exists().where(
            Referral.received_at >= bindparam(f"start_{place}", type_=UTCDateTime()),
            Referral.received_at < bindparam(f"end_{place}", type_=UTCDateTime()),
            Referral.outcome.is_not(None),
            Referral.filtered.is_(None),
        ),
    )


# Of each of the last months, the newest first, whether its sample is to be drawn.
UNDRAWN = tuple(_is_undrawn(place).label(f"undrawn_{place}") for place in range(MONTHS))
_UNDRAWN = select(*UNDRAWN)
# One row, to stand beside others: cases of every sample that nobody has reviewed yet.
OPEN = (
    select(
        func.count().label("cases"),
        func.count(AuditedCase.sample_id.distinct()).label("samples"),
        func.min(AuditSample.month).label("oldest"),
    )
    .select_from(AuditedCase)
    .join(AuditSample, AuditSample.id == AuditedCase.sample_id)
    .where(AuditedCase.reviewed_at.is_(None))
)


class SampleLine(NamedTuple):
    month: date
    population: int
    drawn_at: datetime
    cases: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class CaseLine:
    """`outcome` is None only where the case is not for whoever asks."""

    position: int
    referral_id: int
    ref: str
    outcome: Outcome | None
    grade: Grade | None
    reviewer: str | None
    reviewed_at: datetime | None


def population(session: Session, start: datetime, end: datetime) -> list[Candidate]:
    """Every referral that came in from `start` to `end` and has been decided."""
    rows = session.execute(_POPULATION, {"start": start, "end": end})
    return [Candidate(id_, ref, outcome) for id_, ref, outcome in rows if outcome is not None]


def undrawn(session: Session, today: date) -> tuple[Period, ...]:
    """The months that are over, in which something was decided and whose sample was not drawn, the
    newest first: back to the first that was drawn, or a year; last month alone where none ever was.
    """
    months = last_months(today)
    return undrawn_of(months, session.execute(_UNDRAWN, undrawn_values(months)).one())


def last_months(today: date) -> tuple[Period, ...]:
    """The months of which `UNDRAWN` tells."""
    months = [month_before(today)]
    while len(months) < MONTHS:
        months.append(month_before(months[-1].start))
    return tuple(months)


def undrawn_values(months: Sequence[Period]) -> dict[str, date | datetime]:
    """What `UNDRAWN` asks with."""
    values: dict[str, date | datetime] = {}
    for place, one in enumerate(months):
        values[f"month_{place}"] = one.start
        values[f"start_{place}"], values[f"end_{place}"] = one.moments
    return values


def undrawn_of(months: Sequence[Period], told: Sequence[bool]) -> tuple[Period, ...]:
    """The months of which `UNDRAWN` told that their sample is to be drawn."""
    return tuple(one for one, is_undrawn in zip(months, told, strict=True) if is_undrawn)


def samples(session: Session) -> list[SampleLine]:
    """The samples of the last 13 months that were drawn, the newest first."""
    return [
        SampleLine(month, population_, drawn_at, cases, reviewed or 0)
        for month, population_, drawn_at, cases, reviewed in session.execute(_SAMPLES)
    ]


def of_month(session: Session, month: date) -> AuditSample | None:
    return session.execute(_OF_MONTH, {"month": month}).scalar_one_or_none()


def cases(session: Session, sample_id: int) -> list[CaseLine]:
    rows = session.execute(_CASES, {"sample": sample_id})
    return [CaseLine(*row) for row in rows]


def one(session: Session, sample_id: int, position: int) -> AuditedCase | None:
    values: dict[str, Any] = {"sample": sample_id, "position": position}
    return session.execute(_ONE, values).scalar_one_or_none()


def worked_on(session: Session, referral_ids: Collection[int]) -> dict[int, set[int]]:
    """By referral: who recorded, rated or decided it, or decided on, chaired or signed one of its
    discussions."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for id_, staff_id in session.execute(_WORKED_ON, {"ids": list(referral_ids)}):
        if staff_id is not None:
            found[id_].add(staff_id)
    return dict(found)
