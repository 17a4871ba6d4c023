"""Looking up lists and the cases on them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.queries import FOR_LIST_ALONE
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Referral
from app.referrals.types import DomesticAbuseRisk, Outcome, Rating

PAGE = 15

_BY_REF = select(ListSitting).where(ListSitting.ref == bindparam("ref"))
_OF_DAY = select(ListSitting).where(
    ListSitting.series_id == bindparam("series"), ListSitting.day == bindparam("day")
)
_ENTRY = select(ListEntry).where(
    ListEntry.sitting_id == bindparam("sitting"), ListEntry.number == bindparam("number")
)


def by_ref(session: Session, ref: str) -> ListSitting | None:
    """A list by its public reference, whatever the case of its letters."""
    return session.execute(_BY_REF, {"ref": ref.strip().upper()}).scalar_one_or_none()


def of_day(session: Session, series_id: str, day: date) -> ListSitting | None:
    """The list of a series on a day, where it was opened."""
    return session.execute(_OF_DAY, {"series": series_id, "day": day}).scalar_one_or_none()


_OPEN_OF_CASE = (
    select(ListSitting)
    .join(ListEntry, ListEntry.sitting_id == ListSitting.id)
    .where(ListEntry.case_id == bindparam("case"), ListSitting.ended_at.is_(None))
    .limit(1)
)


def open_of_case(session: Session, case_id: int) -> ListSitting | None:
    """The list or discussion under way on which a case stands."""
    return session.execute(_OPEN_OF_CASE, {"case": case_id}).scalar_one_or_none()


_OPEN_OF_REFERRAL = (
    select(ListSitting)
    .join(ListEntry, ListEntry.sitting_id == ListSitting.id)
    .where(ListEntry.referral_id == bindparam("referral"), ListSitting.ended_at.is_(None))
    .limit(1)
)


def open_of_referral(session: Session, referral_id: int) -> ListSitting | None:
    """The list or meeting under way on which a referral stands."""
    return session.execute(_OPEN_OF_REFERRAL, {"referral": referral_id}).scalar_one_or_none()


def entry(session: Session, sitting_id: int, number: int) -> ListEntry | None:
    """One case on a list by its number."""
    values = {"sitting": sitting_id, "number": number}
    return session.execute(_ENTRY, values).scalar_one_or_none()


class ListedSitting(NamedTuple):
    """One list in the list of lists."""

    id: int
    ref: str
    series_id: str | None
    name: str
    day: date
    ended_at: datetime | None
    cases: int
    decided: int


_COUNTED = (
    select(
        ListSitting.id,
        ListSitting.ref,
        ListSitting.series_id,
        ListSitting.name,
        ListSitting.day,
        ListSitting.ended_at,
        select(func.count(ListEntry.id))
        .where(ListEntry.sitting_id == ListSitting.id)
        .scalar_subquery(),
        select(func.count(ListEntry.outcome))
        .where(ListEntry.sitting_id == ListSitting.id)
        .scalar_subquery(),
    )
    .order_by(ListSitting.day.desc(), ListSitting.id.desc())
    .limit(bindparam("size", type_=Integer()))
)
_COUNTED_BEFORE = _COUNTED.where(
    tuple_(ListSitting.day, ListSitting.id)
    < tuple_(
        bindparam("day", type_=ListSitting.__table__.c.day.type), bindparam("last", type_=Integer())
    )
)


class Page(NamedTuple):
    rows: list[ListedSitting]
    more: bool


def sittings(session: Session, before: tuple[date, int] | None = None, size: int = PAGE) -> Page:
    """Lists, the newest first; `before` is (day, id) of the last one seen."""
    values: dict[str, object] = {"size": size + 1}
    if before is not None:
        values |= {"day": before[0], "last": before[1]}
    found = session.execute(_COUNTED if before is None else _COUNTED_BEFORE, values)
    rows = [ListedSitting(*row) for row in found]
    return Page(rows[:size], len(rows) > size)


class OnList(NamedTuple):
    """One case on a list, with what a line of the list shows of it; `marked` is a domestic abuse
    case that is for the list alone."""

    number: int
    case_id: int | None
    referral_id: int | None
    ref: str
    risk: DomesticAbuseRisk | None
    rating: Rating | None
    marked: bool
    due_at: datetime | None
    carried: bool
    outcome: Outcome | None
    decided_at: datetime | None


_ON_LIST = (
    select(
        ListEntry.number,
        ListEntry.case_id,
        ListEntry.referral_id,
        func.coalesce(AbuseCase.ref, Referral.ref),
        AbuseCase.risk,
        Referral.rating,
        AbuseCase.id.is_not(None) & FOR_LIST_ALONE,
        func.coalesce(AbuseCase.due_at, Referral.decision_due_at, type_=AbuseCase.due_at.type),
        ListEntry.carried,
        ListEntry.outcome,
        ListEntry.decided_at,
    )
    .outerjoin(AbuseCase, AbuseCase.id == ListEntry.case_id)
    .outerjoin(Referral, Referral.id == ListEntry.referral_id)
    .where(ListEntry.sitting_id == bindparam("sitting"))
    .order_by(ListEntry.number)
)


def on_list(session: Session, sitting_id: int) -> list[OnList]:
    """The cases of a list in their order: one statement."""
    return [OnList(*row) for row in session.execute(_ON_LIST, {"sitting": sitting_id})]


class Discussed(NamedTuple):
    """What a list said of a case, for the pages of the case and of its referral. `case_ref` names
    the domestic abuse case that stood on it; None of a referral."""

    list_ref: str
    list_name: str
    number: int
    day: date
    information: str | None
    outcome: Outcome | None
    reason: str | None
    by: str | None
    at: datetime | None
    ended_at: datetime | None
    case_ref: str | None


_DISCUSSED = (
    select(
        ListSitting.ref,
        ListSitting.name,
        ListEntry.number,
        ListSitting.day,
        ListEntry.information,
        ListEntry.outcome,
        ListEntry.reason,
        Staff.name,
        ListEntry.decided_at,
        ListSitting.ended_at,
        AbuseCase.ref,
    )
    .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
    .outerjoin(Staff, Staff.id == ListEntry.decided_by_id)
    .outerjoin(AbuseCase, AbuseCase.id == ListEntry.case_id)
    .order_by(ListEntry.id.desc())
)
_OF_CASE = _DISCUSSED.where(ListEntry.case_id == bindparam("case"))


def discussed(session: Session, case_id: int) -> list[Discussed]:
    """Every list and discussion on which a case stood, the newest first."""
    return [Discussed._make(row) for row in session.execute(_OF_CASE, {"case": case_id})]


_THE_CASE = (
    select(AbuseCase.id).where(AbuseCase.referral_id == bindparam("referral")).scalar_subquery()
)
_OF_REFERRAL = _DISCUSSED.where(
    (ListEntry.referral_id == bindparam("referral")) | (ListEntry.case_id == _THE_CASE)
)


def discussed_referral(session: Session, referral_id: int) -> list[Discussed]:
    """The same of a referral, with what was said of its domestic abuse case: a case that is a
    referral is marked for the list alone no more (IMAP 5)."""
    return [
        Discussed._make(row) for row in session.execute(_OF_REFERRAL, {"referral": referral_id})
    ]


_WENT_THROUGH = (
    select(ListEntry.id)
    .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
    .where(
        ListEntry.referral_id == bindparam("referral"),
        ListSitting.ended_at >= bindparam("since", type_=UTCDateTime()),
    )
    .limit(1)
)


def went_through(session: Session, referral_id: int, since: datetime) -> bool:
    """Whether a list on which a referral stood has ended since then."""
    values = {"referral": referral_id, "since": since}
    return session.execute(_WENT_THROUGH, values).first() is not None


_LAST_TOOK_PART = (
    select(ListSitting.took_part)
    .where(ListSitting.series_id == bindparam("series"), ListSitting.ended_at.is_not(None))
    .order_by(ListSitting.day.desc())
    .limit(1)
)


def last_took_part(session: Session, series_id: str | None) -> str:
    """Who took part last time: mostly the same people do again."""
    if series_id is None:
        return ""
    return session.execute(_LAST_TOOK_PART, {"series": series_id}).scalar_one_or_none() or ""


def numbers_without_outcome(entries: Collection[OnList]) -> list[int]:
    """The numbers of the cases that have no outcome yet, in their order."""
    return [one.number for one in entries if one.outcome is None]
