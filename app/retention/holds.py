"""Which legal holds keep a case: its own, and those on another case about its children (H8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Integer,
    Select,
    SelectBase,
    bindparam,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.meetings.models import Meeting, MeetingChild
from app.referrals.abuse.models import AbuseCase
from app.referrals.models import Referral, ReferralChild
from app.referrals.public.models import Arrival
from app.referrals.same_child.models import ChildMatch
from app.retention.cases import CaseRows
from app.retention.models import ClosedCase, HeldChild, LegalHold
from app.retention.types import CaseKey, CaseKind

_CHILDREN: BindParameter[Any] = bindparam("children", expanding=True)
_LINKED = select(ChildMatch.other_id).where(
    ChildMatch.child_id.in_(_CHILDREN),
    ChildMatch.other_id.is_not(None),
    ChildMatch.undone_at.is_(None),
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
_PUT_ON = select(LegalHold.id).where(
    LegalHold.kind == bindparam("kind", type_=LegalHold.__table__.c.kind.type),
    LegalHold.ref == bindparam("ref"),
)


def _on_referrals(which: SelectBase) -> tuple[Select[int], ...]:
    """Of a domestic abuse case and of a form that became a referral the hold goes with it. Found
    from these few referrals, for there are many others."""
    hold = select(LegalHold.id)
    return (
        hold.join(Referral, Referral.ref == LegalHold.ref).where(
            LegalHold.kind == CaseKind.REFERRAL, Referral.id.in_(which)
        ),
        hold.join(AbuseCase, AbuseCase.ref == LegalHold.ref).where(
            LegalHold.kind == CaseKind.ABUSE, AbuseCase.referral_id.in_(which)
        ),
        hold.join(Arrival, Arrival.ref == LegalHold.ref).where(
            LegalHold.kind == CaseKind.FORM, Arrival.referral_id.in_(which)
        ),
    )


_THIS_REFERRAL = select(bindparam("referral_id", type_=Integer()))
_ON_CASE = union_all(_PUT_ON, *_on_referrals(_THIS_REFERRAL))
# A child who came to the held case later is held like those who were on it then.
_COVERS = LegalHold.id.in_(
    union_all(
        _PUT_ON,
        *_on_referrals(union_all(_THIS_REFERRAL, _ON_REFERRALS, _OF_MEETINGS)),
        select(HeldChild.hold_id).where(HeldChild.child_id.in_(_CHILDREN)),
        select(LegalHold.id)
        .join(Meeting, Meeting.ref == LegalHold.ref)
        .where(LegalHold.kind == CaseKind.MEETING, Meeting.id.in_(_IN_MEETINGS)),
    )
)
# Which referral the held case is now, where it began as something else.
_BECAME = func.coalesce(
    select(Referral.ref)
    .join(AbuseCase, AbuseCase.referral_id == Referral.id)
    .where(LegalHold.kind == CaseKind.ABUSE, AbuseCase.ref == LegalHold.ref)
    .correlate(LegalHold)
    .scalar_subquery(),
    select(Referral.ref)
    .join(Arrival, Arrival.referral_id == Referral.id)
    .where(LegalHold.kind == CaseKind.FORM, Arrival.ref == LegalHold.ref)
    .correlate(LegalHold)
    .scalar_subquery(),
)
_ACTIVE = (
    select(LegalHold, Staff.name, _BECAME)
    .outerjoin(Staff, Staff.id == LegalHold.held_by_id)
    .where(LegalHold.lifted_at.is_(None), _COVERS)
    .order_by(LegalHold.id)
)
_LIFTERS = select(LegalHold.lifted_by_id).where(LegalHold.lifted_by_id.is_not(None), _COVERS)
_ALL_ACTIVE = (
    select(LegalHold, Staff.name, _BECAME)
    .outerjoin(Staff, Staff.id == LegalHold.held_by_id)
    .where(LegalHold.lifted_at.is_(None))
    .order_by(LegalHold.held_at, LegalHold.id)
    .limit(bindparam("most", type_=Integer()))
)
_HELD_CHILDREN = select(HeldChild.child_id).where(HeldChild.hold_id == bindparam("hold_id"))
# In one order, so that two holds at once lock what both keep one after the other.
_CLOSED_ABOUT = (
    select(ClosedCase)
    .where(
        ClosedCase.deleted_at.is_(None),
        or_(
            ClosedCase.referral_id == bindparam("referral_id"),
            ClosedCase.meeting_id.in_(bindparam("meetings", expanding=True)),
            ClosedCase.abuse_case_id == bindparam("abuse_case_id"),
            ClosedCase.arrival_id == bindparam("arrival_id"),
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
    """A hold that is on, who put it on, and which case that is now."""

    hold: LegalHold
    by: str | None
    on: CaseKey


def with_linked(session: Session, children: Collection[int]) -> list[int]:
    """These children with the records that were found to be theirs, and still are."""
    linked = session.execute(_LINKED, {"children": list(children)}).scalars()
    return sorted({*children, *(one for one in linked if one is not None)})


def active(session: Session, key: CaseKey, rows: CaseRows) -> list[HoldShown]:
    """The holds that keep this case, the oldest first."""
    found = session.execute(_ACTIVE, _asked(session, key, rows))
    return [_shown(hold, by, became) for hold, by, became in found]


def lifters(session: Session, key: CaseKey, rows: CaseRows) -> set[int]:
    """Who ever lifted a hold that kept this case."""
    found = session.execute(_LIFTERS, _asked(session, key, rows)).scalars()
    return {one for one in found if one is not None}


def all_active(session: Session, most: int) -> list[HoldShown]:
    """Every hold that is on, the oldest first."""
    found = session.execute(_ALL_ACTIVE, {"most": most})
    return [_shown(hold, by, became) for hold, by, became in found]


def children_of(session: Session, hold: LegalHold) -> list[int]:
    """The children whom the hold was put on; some may have left the case since."""
    return list(session.execute(_HELD_CHILDREN, {"hold_id": hold.id}).scalars())


def closed_about(session: Session, rows: CaseRows, more: Collection[int] = ()) -> list[ClosedCase]:
    """This case, where it is closed, and the closed cases about any of its children or of `more`:
    locked until the transaction ends."""
    asked = {
        "referral_id": rows.referral_id, "meetings": rows.meetings,
        "abuse_case_id": rows.abuse_case_id, "arrival_id": rows.arrival_id,
        "children": with_linked(session, {*rows.children, *more}),
    }  # fmt: skip
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
    )
    session.add(hold)
    session.flush()
    session.add_all(
        HeldChild(hold_id=hold.id, child_id=child) for child in with_linked(session, children)
    )
    session.flush()
    return hold


def forget_words(session: Session, key: CaseKey, rows: CaseRows) -> None:
    """The case is deleted: who held it and who lifted that stays, without their words."""
    asked = {"kind": key.kind, "ref": key.ref, "referral_id": rows.referral_id}
    of_case = LegalHold.id.in_(session.execute(_ON_CASE, asked).scalars().all())
    session.execute(update(LegalHold).where(of_case).values(reason=""))
    session.execute(
        update(LegalHold).where(of_case, LegalHold.lifted_at.is_not(None)).values(lift_reason="")
    )


def _asked(session: Session, key: CaseKey, rows: CaseRows) -> dict[str, Any]:
    return {
        "kind": key.kind,
        "ref": key.ref,
        "referral_id": rows.referral_id,
        "children": with_linked(session, rows.children),
    }


def _shown(hold: LegalHold, by: str | None, became: str | None) -> HoldShown:
    if became is not None:
        return HoldShown(hold, by, CaseKey(CaseKind.REFERRAL, became))
    return HoldShown(hold, by, CaseKey(CaseKind(hold.kind), hold.ref))
