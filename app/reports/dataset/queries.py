"""Reading the dataset's figures, and what the worker has to count (G3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select, union_all
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.database import table
from app.directory.wards.queries import every
from app.meetings.models import Meeting
from app.referrals.abuse.models import AbuseCase
from app.referrals.models import Referral
from app.reports.dataset.models import DatasetFigure, DatasetKept, DatasetMonth, DatasetSeen
from app.reports.dataset.types import NO_PLACE, Place

_F, _K, _E = table(DatasetFigure), table(DatasetKept), table(AuditEntry)
_FIGURES = select(_F.c.month, _F.c.measure, _F.c.ward_id, _F.c.key, _F.c.count).where(
    _F.c.month.in_(bindparam("months", expanding=True))
)
_KEPT = select(DatasetKept).where(
    DatasetKept.month == bindparam("month"), DatasetKept.measure == bindparam("measure")
)
_ANY_KEPT = select(_K.c.month).where(_K.c.month.in_(bindparam("months", expanding=True))).limit(1)
_MONTHS = select(DatasetMonth).order_by(DatasetMonth.month.desc())
_OF_PERIOD = _MONTHS.where(DatasetMonth.month.in_(bindparam("months", expanding=True)))
_FIRST = select(func.min(DatasetMonth.month))
# What can change a figure, and the moment that says to which month it belongs.
_SUBJECTS = (
    ("referral", Referral.__table__.c.ref, Referral.__table__.c.received_at),
    ("meeting", Meeting.__table__.c.ref, Meeting.__table__.c.need_decided_at),
    ("abuse case", AbuseCase.__table__.c.ref, AbuseCase.__table__.c.received_at),
)
_MOMENTS = union_all(
    select(Referral.received_at).where(Referral.id.in_(bindparam("referrals", expanding=True))),
    select(Meeting.need_decided_at).where(Meeting.id.in_(bindparam("meetings", expanding=True))),
    select(AbuseCase.received_at).where(
        AbuseCase.id.in_(bindparam("abuse_cases", expanding=True))
        | AbuseCase.referral_id.in_(bindparam("referrals", expanding=True))
    ),
)
_R, _M, _A = Referral.__table__.c, Meeting.__table__.c, AbuseCase.__table__.c


def _read(kind: str) -> tuple[ColumnElement[bool], ...]:
    """The rows of the audit that are read now and tell of one kind of subject."""
    return (
        _E.c.subject_kind == kind,
        _E.c.id > bindparam("after"),
        _E.c.id <= bindparam("until"),
    )


_TOUCHED = union_all(
    *(
        select(moment).join_from(_E, ref.table, ref == _E.c.subject_ref).where(*_read(kind))
        for kind, ref, moment in _SUBJECTS
    ),
    # What hangs on a referral is counted under its ward, each in a month of its own.
    *(
        select(moment)
        .join_from(_E, _R.ref.table, _R.ref == _E.c.subject_ref)
        .join(moment.table, of_referral == _R.id)
        .where(*_read("referral"))
        for of_referral, moment in (
            (_M.referral_id, _M.need_decided_at),
            (_A.referral_id, _A.received_at),
        )
    ),
)
# The row has its new moment only: the month that it left has to be counted too.
_LEFT = select(_E.c.details["received_before"].as_string()).where(
    *_read("referral"), _E.c.action == "how it came in changed"
)
_OLDEST = tuple(select(func.min(moment)) for _, _, moment in _SUBJECTS)
_LAST_ENTRY = select(func.max(_E.c.id))


class Figure(NamedTuple):
    month: str
    measure: str
    ward_id: int
    key: str
    number: int


def figures(session: Session, months: Sequence[str]) -> list[Figure]:
    """Every figure of these months: one statement."""
    return [Figure(*row) for row in session.execute(_FIGURES, {"months": list(months)})]


def kept(session: Session, month: str, measure: str) -> list[DatasetKept]:
    """What cases that are deleted added to a measure of a month."""
    return list(session.execute(_KEPT, {"month": month, "measure": measure}).scalars())


def any_kept(session: Session, months: Sequence[str]) -> bool:
    """Whether a case that was counted in these months has been deleted."""
    return session.execute(_ANY_KEPT, {"months": list(months)}).first() is not None


def moments_of(session: Session, rows: Mapping[str, Sequence[int]]) -> list[datetime]:
    """The moments that place what a case is made of; `rows` as `counting.count_case` takes them."""
    return list(session.execute(_MOMENTS, rows).scalars())


def months_of(session: Session, months: Sequence[str]) -> list[DatasetMonth]:
    return list(session.execute(_OF_PERIOD, {"months": list(months)}).scalars())


def all_months(session: Session) -> list[DatasetMonth]:
    """Every month that is counted, newest first."""
    return list(session.execute(_MONTHS).scalars())


def first_month(session: Session) -> str | None:
    """The oldest month that has anything to count."""
    return session.execute(_FIRST).scalar_one()


def places(session: Session) -> list[Place]:
    """Wards by area and name, those taken off the list among them, and what is not known."""
    return [
        *(Place(one.id, one.name, one.area, one.team) for one in every(session)),
        NO_PLACE,
    ]


def seen(session: Session) -> DatasetSeen | None:
    return session.get(DatasetSeen, 1)


def last_entry(session: Session) -> int:
    """The newest row of the audit; 0 while there is none."""
    return session.execute(_LAST_ENTRY).scalar_one() or 0


def oldest(session: Session) -> datetime | None:
    """When the first thing that is counted came in."""
    found = (session.execute(statement).scalar_one() for statement in _OLDEST)
    return min((moment for moment in found if moment is not None), default=None)


def touched(session: Session, after: int, until: int) -> list[datetime]:
    """The moments that place whatever was changed in these rows of the audit, and those that
    placed it before."""
    values = {"after": after, "until": until}
    left = session.execute(_LEFT, values).scalars()
    return [
        *session.execute(_TOUCHED, values).scalars(),
        *(datetime.fromisoformat(moment) for moment in left if moment),
    ]
