"""The lists of referrals, a page at a time: those not yet decided, and all of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.directory.models import Agency, CouncilSettings
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.outcome.models import ReferralReopening
from app.referrals.types import Channel, DomesticAbuseRisk, Outcome, Rating

PAGE = 25


class ListedChild(NamedTuple):
    name: str
    born: date | None
    due: date | None


class ListedReferral(NamedTuple):
    """One referral in a list, with its children."""

    id: int
    ref: str
    received_at: datetime
    decision_due_at: datetime
    queue_place: int
    act_by_at: datetime
    decided_at: datetime | None
    channel: Channel
    agency: str
    rating: Rating | None
    concerns: list[str]
    outcome: Outcome | None
    re_referral: bool
    flags: list[str]
    identified_at: datetime | None
    need_identified_at: datetime | None
    immediate_action_at: datetime | None
    domestic_abuse: DomesticAbuseRisk | None
    reopened_at: datetime | None
    protocol_id: str | None  # by which the council works
    children: list[ListedChild]


class Page(NamedTuple):
    rows: list[ListedReferral]
    more: bool


_COLUMNS = (
    Referral.id,
    Referral.ref,
    Referral.received_at,
    Referral.decision_due_at,
    Referral.queue_place,
    Referral.act_by_at,
    Referral.decided_at,
    Referral.channel,
    Referral.source_agency_id,
    Referral.rating,
    Referral.concerns,
    Referral.flags,
    Referral.identified_at,
    Referral.need_identified_at,
    Referral.immediate_action_at,
    Referral.domestic_abuse,
    Referral.outcome,
    Referral.earlier_referral_id,
)
_KEY = (bindparam("moment", type_=UTCDateTime()), bindparam("last", type_=Integer()))
_SIZE = bindparam("size", type_=Integer())


def _with_children(cut: Select[*tuple[Any, ...]], *order: str) -> Select[*tuple[Any, ...]]:
    """One page, cut by its index first, with source and children joined to it: one statement."""
    page = cut.limit(_SIZE).subquery()
    reopened_at = (
        select(func.max(ReferralReopening.reopened_at))
        .where(ReferralReopening.referral_id == page.c.id)
        .scalar_subquery()
    )
    protocol_id = select(CouncilSettings.protocol_id).limit(1).scalar_subquery()
    return (
        select(page, reopened_at.label("reopened_at"), protocol_id.label("protocol_id"),
               Agency.name, Child.given_name, Child.family_name, Child.date_of_birth,
               Child.due_date)
        .join(Agency, Agency.id == page.c.source_agency_id)
        .outerjoin(ReferralChild, ReferralChild.referral_id == page.c.id)
        .outerjoin(Child, Child.id == ReferralChild.child_id)
        .order_by(
            *(page.c[name[1:]].desc() if name[0] == "-" else page.c[name] for name in order),
            ReferralChild.position,
        )
    )  # fmt: skip


_OPEN = (
    select(*_COLUMNS)
    .where(Referral.decided_at.is_(None))
    .order_by(Referral.queue_place, Referral.act_by_at, Referral.id)
)
_ALL = select(*_COLUMNS).order_by(Referral.received_at.desc(), Referral.id.desc())
_OPEN_FIRST = _with_children(_OPEN, "queue_place", "act_by_at", "id")
_OPEN_AFTER = _with_children(
    _OPEN.where(
        tuple_(Referral.queue_place, Referral.act_by_at, Referral.id)
        > tuple_(bindparam("place", type_=Integer()), *_KEY)
    ),
    "queue_place", "act_by_at", "id",
)  # fmt: skip
_ALL_FIRST = _with_children(_ALL, "-received_at", "-id")
_ALL_BEFORE = _with_children(
    _ALL.where(tuple_(Referral.received_at, Referral.id) < tuple_(*_KEY)), "-received_at", "-id"
)


def open_referrals(
    session: Session, after: tuple[int, datetime, int] | None = None, size: int = PAGE
) -> Page:
    """Referrals not yet decided: a child who may be at risk now on top (A1), then the earliest due
    first, so that late ones lead.

    `after` is (place, act_by_at, id) of the last row of the page before.
    """
    if after is None:
        return _page(session, _OPEN_FIRST, None, size)
    return _page(session, _OPEN_AFTER, after[1:], size, place=after[0])


def all_referrals(
    session: Session, before: tuple[datetime, int] | None = None, size: int = PAGE
) -> Page:
    """Every referral, the newest first; `before` is (received_at, id) of the last row shown."""
    return _page(session, _ALL_FIRST if before is None else _ALL_BEFORE, before, size)


def _page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    key: tuple[datetime, int] | None,
    size: int,
    **more: object,
) -> Page:
    values: dict[str, object] = {"size": size + 1, **more}
    if key is not None:
        values |= {"moment": key[0], "last": key[1]}
    rows: dict[int, ListedReferral] = {}
    for found in session.execute(query, values).all():
        row = rows.get(found.id)
        if row is None:
            row = rows[found.id] = ListedReferral(
                id=found.id,
                ref=found.ref,
                received_at=found.received_at,
                decision_due_at=found.decision_due_at,
                queue_place=found.queue_place,
                act_by_at=found.act_by_at,
                decided_at=found.decided_at,
                channel=found.channel,
                agency=found.name,
                rating=found.rating,
                concerns=found.concerns,
                outcome=found.outcome,
                re_referral=found.earlier_referral_id is not None,
                flags=found.flags,
                identified_at=found.identified_at,
                need_identified_at=found.need_identified_at,
                immediate_action_at=found.immediate_action_at,
                domestic_abuse=found.domestic_abuse,
                reopened_at=found.reopened_at,
                protocol_id=found.protocol_id,
                children=[],
            )
        if found.given_name is not None:
            name = f"{found.given_name} {found.family_name}".strip()
            row.children.append(ListedChild(name, found.date_of_birth, found.due_date))
    listed = list(rows.values())
    return Page(listed[:size], len(listed) > size)
