"""Which records are one child, who said so, and what hangs on it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.referrals.models import Child, ChildProfessional, Referral, ReferralChild
from app.referrals.same_child.models import ChildMatch

_OTHER = aliased(Child)
_UNDOER = aliased(Staff)
_child: BindParameter[int] = bindparam("child_id")
_children: BindParameter[int] = bindparam("children", expanding=True)

# Read before it is locked, to know which children it is about: what was undone since is seen.
_FOR_CHANGE = (
    select(ChildMatch)
    .where(ChildMatch.id == bindparam("match_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_LINKED_AWAY = select(ChildMatch.id).where(
    ChildMatch.other_id.in_(_children), ChildMatch.undone_at.is_(None)
)
_LINKED_TO = select(ChildMatch.id).where(
    ChildMatch.child_id == _child,
    ChildMatch.other_id.is_not(None),
    ChildMatch.undone_at.is_(None),
)
_REFERRAL_IDS = (
    select(ReferralChild.referral_id)
    .where(ReferralChild.child_id == _child)
    .order_by(ReferralChild.referral_id)
)
_REFERRALS = select(Referral).where(Referral.id.in_(bindparam("ids", expanding=True)))
_INVOLVED = select(ChildProfessional).where(ChildProfessional.child_id == _child)
_SAID = (
    select(ChildMatch, Staff.name, _OTHER.ref, _UNDOER.name)
    .join(Staff, Staff.id == ChildMatch.said_by_id)
    .outerjoin(_OTHER, _OTHER.id == ChildMatch.other_id)
    .outerjoin(_UNDOER, _UNDOER.id == ChildMatch.undone_by_id)
    .where(or_(ChildMatch.child_id.in_(_children), ChildMatch.other_id.in_(_children)))
    .order_by(ChildMatch.id.desc())
)


class Said(NamedTuple):
    """That a child is a known one: by whom, in place of which record, undone by whom."""

    match: ChildMatch
    by: str
    other_ref: str | None
    undone_by: str | None


def said_of(session: Session, child_ids: Collection[int]) -> list[Said]:
    """Everything said of these children, the newest first: one statement."""
    rows = session.execute(_SAID, {"children": list(child_ids)})
    return [Said(*row) for row in rows]


def for_change(session: Session, match_id: int) -> ChildMatch | None:
    """A match, locked until the transaction ends."""
    return session.execute(_FOR_CHANGE, {"match_id": match_id}).scalar_one_or_none()


def stands_for_another(session: Session, child_ids: Collection[int]) -> bool:
    """Whether one of these records was found to be another child's."""
    return session.execute(_LINKED_AWAY, {"children": list(child_ids)}).first() is not None


def linked_to(session: Session, child_id: int) -> bool:
    """Whether other records were found to be this child's."""
    return session.execute(_LINKED_TO, {"child_id": child_id}).first() is not None


def referral_ids(session: Session, child_id: int) -> list[int]:
    """The referrals a child stands on."""
    return list(session.execute(_REFERRAL_IDS, {"child_id": child_id}).scalars())


def referrals(session: Session, ids: Collection[int]) -> list[Referral]:
    """These referrals."""
    return list(session.execute(_REFERRALS, {"ids": list(ids)}).scalars())


def involvements(session: Session, child_id: int) -> list[ChildProfessional]:
    """Who in the directory works with a child."""
    return list(session.execute(_INVOLVED, {"child_id": child_id}).scalars())


def professionals_of(session: Session, child_id: int) -> list[int]:
    """The same as numbers of the directory."""
    return [row.professional_id for row in involvements(session, child_id)]
