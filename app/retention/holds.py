"""Which legal holds keep a case: its own, and those on another case about its children (H8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Integer, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.meetings.models import Meeting, MeetingChild
from app.referrals.models import ReferralChild
from app.referrals.same_child.models import ChildMatch
from app.retention.models import ClosedCase, HeldChild, LegalHold
from app.retention.types import CaseKey, CaseKind

_CHILDREN: BindParameter[Any] = bindparam("children", expanding=True)
_LINKED = select(ChildMatch.other_id).where(
    ChildMatch.child_id.in_(_CHILDREN),
    ChildMatch.other_id.is_not(None),
    ChildMatch.undone_at.is_(None),
)
_COVERS = or_(
    (LegalHold.kind == bindparam("kind", type_=LegalHold.__table__.c.kind.type))
    & (LegalHold.ref == bindparam("ref")),
    LegalHold.id.in_(select(HeldChild.hold_id).where(HeldChild.child_id.in_(_CHILDREN))),
)
_ACTIVE = (
    select(LegalHold, Staff.name)
    .outerjoin(Staff, Staff.id == LegalHold.held_by_id)
    .where(LegalHold.lifted_at.is_(None), _COVERS)
    .order_by(LegalHold.id)
)
_LIFTERS = select(LegalHold.lifted_by_id).where(LegalHold.lifted_by_id.is_not(None), _COVERS)
_ALL_ACTIVE = (
    select(LegalHold)
    .where(LegalHold.lifted_at.is_(None))
    .order_by(LegalHold.held_at, LegalHold.id)
    .limit(bindparam("most", type_=Integer()))
)
_ON_REFERRALS = select(ReferralChild.referral_id).where(ReferralChild.child_id.in_(_CHILDREN))
_IN_MEETINGS = (
    select(Meeting.id)
    .join(MeetingChild, MeetingChild.meeting_id == Meeting.id)
    .where(MeetingChild.child_id.in_(_CHILDREN))
)
_OF_MEETINGS = (
    select(Meeting.referral_id)
    .join(MeetingChild, MeetingChild.meeting_id == Meeting.id)
    .where(MeetingChild.child_id.in_(_CHILDREN), Meeting.referral_id.is_not(None))
)
# In one order, so that two holds at once lock what both keep one after the other.
_CLOSED_ABOUT = (
    select(ClosedCase)
    .where(
        ClosedCase.deleted_at.is_(None),
        or_(
            ClosedCase.referral_id.in_(_ON_REFERRALS),
            ClosedCase.referral_id.in_(_OF_MEETINGS),
            ClosedCase.meeting_id.in_(_IN_MEETINGS),
        ),
    )
    .order_by(ClosedCase.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


class HoldShown(NamedTuple):
    """A hold that is on, and who put it on."""

    hold: LegalHold
    by: str | None


def with_linked(session: Session, children: Collection[int]) -> list[int]:
    """These children with the records that were found to be theirs."""
    linked = session.execute(_LINKED, {"children": list(children)}).scalars()
    return sorted({*children, *(one for one in linked if one is not None)})


def active(session: Session, key: CaseKey, children: Collection[int]) -> list[HoldShown]:
    """The holds that keep this case, the oldest first."""
    rows = session.execute(_ACTIVE, _asked(session, key, children))
    return [HoldShown(hold, by) for hold, by in rows]


def lifters(session: Session, key: CaseKey, children: Collection[int]) -> set[int]:
    """Who ever lifted a hold that kept this case."""
    found = session.execute(_LIFTERS, _asked(session, key, children)).scalars()
    return {one for one in found if one is not None}


def all_active(session: Session, most: int) -> list[LegalHold]:
    """Every hold that is on, the oldest first."""
    return list(session.execute(_ALL_ACTIVE, {"most": most}).scalars())


def closed_about(session: Session, children: Collection[int]) -> list[ClosedCase]:
    """The closed cases about any of these children, locked until the transaction ends."""
    asked = {"children": with_linked(session, children)}
    return list(session.execute(_CLOSED_ABOUT, asked).scalars())


def put(
    session: Session,
    key: CaseKey,
    children: Collection[int],
    reason: str,
    by: int | None,
    now: datetime,
) -> LegalHold:
    """Write a hold down, on the case and on each of its children."""
    hold = LegalHold(
        kind=key.kind,
        ref=key.ref,
        reason=reason,
        held_at=now,
        held_by_id=by,
        lifted_at=None,
        lifted_by_id=None,
        lift_reason=None,
    )
    session.add(hold)
    session.flush()
    session.add_all(
        HeldChild(hold_id=hold.id, child_id=child) for child in with_linked(session, children)
    )
    session.flush()
    return hold


def forget_words(session: Session, key: CaseKey) -> None:
    """The case is deleted: who held it and who lifted that stays, without their words."""
    of_case = (LegalHold.kind == key.kind) & (LegalHold.ref == key.ref)
    session.execute(update(LegalHold).where(of_case).values(reason=""))
    session.execute(
        update(LegalHold).where(of_case, LegalHold.lifted_at.is_not(None)).values(lift_reason="")
    )


def _asked(session: Session, key: CaseKey, children: Collection[int]) -> dict[str, Any]:
    return {"kind": key.kind, "ref": key.ref, "children": with_linked(session, children)}


def is_of(hold: LegalHold, key: CaseKey) -> bool:
    """Whether the hold was put on this very case."""
    return CaseKey(CaseKind(hold.kind), hold.ref) == key
