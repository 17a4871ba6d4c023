"""Reading the near-miss log."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, Select, bindparam, exists, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.database import UTCDateTime
from app.meetings.models import Meeting
from app.referrals.models import Referral
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.types import OF_THE_SYSTEM, NearMissKind
from app.retention.cases import CaseRows

PAGE = 25
_BY = aliased(Staff)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. No kind, day or words where its case may not be seen (H2)."""

    id: int
    ref: str
    case_ref: str | None
    kind: NearMissKind | None
    happened_on: date | None
    what: str
    reported_by_id: int
    by: str
    reported_at: datetime
    reviewed_at: datetime | None
    erased_at: datetime | None


_LINES: Select[*tuple[Any, ...]] = (
    select(
        NearMiss.id,
        NearMiss.ref,
        NearMiss.case_ref,
        NearMiss.kind,
        NearMiss.happened_on,
        NearMiss.what,
        NearMiss.reported_by_id,
        _BY.name,
        NearMiss.reported_at,
        NearMiss.reviewed_at,
        NearMiss.erased_at,
    )
    .join(_BY, _BY.id == NearMiss.reported_by_id)
    .where(
        NearMiss.kind.in_(bindparam("kinds", expanding=True))
        | (NearMiss.reported_by_id == bindparam("own", type_=Integer())),
        tuple_(NearMiss.reported_at, NearMiss.id)
        < tuple_(bindparam("moment", type_=UTCDateTime()), bindparam("last", type_=Integer())),
    )
    .order_by(NearMiss.reported_at.desc(), NearMiss.id.desc())
    .limit(PAGE + 1)
)
_OPEN = _LINES.where(NearMiss.reviewed_at.is_(None), NearMiss.erased_at.is_(None))
_BY_REF = select(NearMiss).where(NearMiss.ref == bindparam("ref"))
WAITING = select(
    func.count().label("how_many"), func.min(NearMiss.reported_at).label("oldest")
).where(
    NearMiss.reviewed_at.is_(None),
    NearMiss.erased_at.is_(None),
    NearMiss.kind.in_(bindparam("kinds", expanding=True)),
)
_REFERRAL, _MEETING = (
    select(row.id).where(row.ref == bindparam("ref"), row.erased_at.is_(None))
    for row in (Referral, Meeting)
)
_REFS = union_all(
    select(Referral.ref).where(Referral.id == bindparam("referral_id")),
    select(Meeting.ref).where(Meeting.id.in_(bindparam("meetings", expanding=True))),
)
# Few at any time: what was written of a case is deleted with it.
_OUTLIVED = select(NearMiss.case_ref).where(
    NearMiss.case_ref.is_not(None),
    NearMiss.erased_at.is_(None),
    or_(
        *(
            exists().where(row.ref == NearMiss.case_ref, row.erased_at.is_not(None))
            for row in (Referral, Meeting)
        )
    ),
)


def kinds_seen(roles: Collection[Role], *, reviews: bool) -> frozenset[NearMissKind]:
    """The kinds that somebody who reviews may read: the system administrator reads of no case."""
    if not reviews:
        return frozenset()
    return OF_THE_SYSTEM if set(roles) <= {Role.SYSTEM, Role.ANALYST} else frozenset(NearMissKind)


def log(
    session: Session,
    kinds: Collection[NearMissKind],
    own: int,
    key: tuple[datetime, int],
    *,
    only_open: bool,
) -> tuple[list[Line], bool]:
    """One page of the log, the newest first, and whether there is another: what is of these kinds,
    and what the person `own` reported."""
    values = {"kinds": list(kinds), "own": own, "moment": key[0], "last": key[1]}
    rows = session.execute(_OPEN if only_open else _LINES, values)
    found = [Line(*row) for row in rows]
    return found[:PAGE], len(found) > PAGE


def by_ref(session: Session, ref: str) -> NearMiss | None:
    return session.execute(_BY_REF, {"ref": ref.strip().upper()}).scalar_one_or_none()


def to_review(session: Session, kinds: Collection[NearMissKind]) -> tuple[int, datetime | None]:
    """How many wait to be reviewed, and since when the oldest does."""
    count, oldest = session.execute(WAITING, {"kinds": list(kinds)}).one()
    return count, oldest


def is_a_case(session: Session, ref: str) -> bool:
    """Whether a referral or a discussion that is not deleted has this reference."""
    statement = _REFERRAL if ref.startswith("RF-") else _MEETING
    return session.execute(statement, {"ref": ref}).scalar_one_or_none() is not None


def refs_of(session: Session, rows: CaseRows) -> list[str]:
    """The references of a case and of its discussions."""
    values = {"referral_id": rows.referral_id, "meetings": rows.meetings}
    return list(session.execute(_REFS, values).scalars())


def outlived(session: Session) -> list[str]:
    """The references of deleted cases of which something written is left."""
    return [ref for ref in session.execute(_OUTLIVED).scalars() if ref]
