"""Finding children by digests of what is known of them, and the cases about them (G5).

Numbers are read first, and put in order; names of those alone that a page may show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Integer,
    Select,
    String,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.meetings.models import Meeting, MeetingChild
from app.referrals.matching import Identity
from app.referrals.models import Child, ChildKey, Referral, ReferralChild
from app.referrals.same_child.models import ChildMatch
from app.reports.search.types import CaseKey

# So many records are looked at for one question, the newest under its digests.
MOST = 400
# Of those of whose name one half alone sounds so, fewer: among half a million children hundreds
# share a given name and the letter that the other begins with, and hardly one of them is meant.
MOST_BY_HALF = 100


class Record(NamedTuple):
    """A record that was found, and the child that it stands for."""

    id: int
    child_id: int


class Found(NamedTuple):
    """Records, the newest first, and whether there are older ones that were not looked at."""

    records: list[Record]
    is_cut: bool = False


def _standing_for(found: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(found.c.child_id, func.coalesce(ChildMatch.child_id, found.c.child_id))
        .outerjoin(
            ChildMatch, (ChildMatch.other_id == found.c.child_id) & ChildMatch.undone_at.is_(None)
        )
        .order_by(found.c.child_id.desc())
    )


@cache
def _under(count: int) -> Select[*tuple[Any, ...]]:
    """The newest records under any of so many digests; of each the newest alone are read."""
    each = []
    for number in range(count):
        newest = (
            select(ChildKey.child_id)
            .where(ChildKey.digest == bindparam(f"digest_{number}", type_=String()))
            .order_by(ChildKey.child_id.desc())
            .limit(bindparam("most", type_=Integer()))
            .subquery()
        )
        each.append(select(newest.c.child_id))
    together = union_all(*each).subquery()
    found = (
        select(together.c.child_id)
        .distinct()
        .order_by(together.c.child_id.desc())
        .limit(bindparam("most", type_=Integer()))
        .subquery()
    )
    return _standing_for(found)


# The longer list, of names, is gone through once beside the shorter, and neither is put in order
# (laid over each other they would be: twice the time). A sum is no key: looking each child of the
# one up in the other costs a database three times as much, and one that chooses the longer list
# first fifty times.
_born_and_named = (
    select(ChildKey.child_id)
    .where(
        ChildKey.digest.in_(bindparam("names", expanding=True)),
        (ChildKey.child_id + 0).in_(
            select(ChildKey.child_id).where(ChildKey.digest.in_(bindparam("days", expanding=True)))
        ),
    )
    .distinct()
    .subquery()
)
_ON_A_DAY = _standing_for(
    select(_born_and_named.c.child_id)
    .order_by(_born_and_named.c.child_id.desc())
    .limit(bindparam("most", type_=Integer()))
    .subquery()
)


def records_under(session: Session, digests: Collection[str]) -> Found:
    """The newest records under any of these digests."""
    return _newest(session, digests, MOST)


def records_named(session: Session, whole: Collection[str], halves: Collection[str]) -> Found:
    """The newest records whose whole name sounds so, and then those of whose name one half does."""
    first = _newest(session, whole, MOST)
    then = _newest(session, halves, MOST_BY_HALF)
    return Found(list(dict.fromkeys([*first.records, *then.records])), first.is_cut or then.is_cut)


def records_on(
    session: Session, day_digests: Collection[str], name_digests: Collection[str]
) -> Found:
    """Who may have been born on one of these days and has one of these names."""
    values = {"days": list(day_digests), "names": list(name_digests), "most": MOST + 1}
    return _cut(session.execute(_ON_A_DAY, values), MOST)


def _newest(session: Session, digests: Collection[str], most: int) -> Found:
    if not digests:
        return Found([])
    values: dict[str, Any] = {f"digest_{number}": one for number, one in enumerate(digests)}
    return _cut(session.execute(_under(len(digests)), values | {"most": most + 1}), most)


def _cut(rows: Iterable[Any], most: int) -> Found:
    found = [Record(*row) for row in rows]
    return Found(found[:most], len(found) > most)


_IDENTITIES = select(
    Child.id, Child.given_name, Child.family_name, Child.date_of_birth, Child.due_date
).where(Child.id.in_(bindparam("records", expanding=True)))


def identities(session: Session, record_ids: Collection[int]) -> dict[int, Identity]:
    """Who these records are about."""
    rows = session.execute(_IDENTITIES, {"records": sorted(record_ids)})
    return {row[0]: Identity(*row[1:]) for row in rows}


class CaseOf(NamedTuple):
    key: CaseKey
    ref: str
    child_id: int


_OF_CHILDREN = union_all(
    select(
        Referral.received_at.label("at"),
        literal(1).label("is_referral"),
        Referral.id,
        Referral.ref,
        ReferralChild.child_id,
    )
    .join(ReferralChild, ReferralChild.referral_id == Referral.id)
    .where(ReferralChild.child_id.in_(bindparam("children", expanding=True))),
    select(
        func.coalesce(Meeting.starts_at, Meeting.started_at, Meeting.created_at),
        literal(0),
        Meeting.id,
        Meeting.ref,
        MeetingChild.child_id,
    )
    .join(MeetingChild, MeetingChild.meeting_id == Meeting.id)
    .where(
        MeetingChild.child_id.in_(bindparam("children", expanding=True)),
        Meeting.referral_id.is_(None),
    ),
)


def cases_of(session: Session, child_ids: Collection[int]) -> list[CaseOf]:
    """The referrals on these children, and their discussions that come from an open case, once for
    each child."""
    if not child_ids:
        return []
    rows = session.execute(_OF_CHILDREN, {"children": sorted(child_ids)})
    return [
        CaseOf(CaseKey(at, bool(is_referral), id_), ref, child_id)
        for at, is_referral, id_, ref, child_id in rows
    ]
