"""Looking up domestic abuse cases."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, case, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.directory.models import Agency
from app.referrals.abuse.models import AbuseCase, AbusePerson, EarlierClock
from app.referrals.abuse.types import PersonKind, Release
from app.referrals.lists.models import ListEntry
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.types import DomesticAbuseRisk, Outcome

PAGE = 25

_BY_REF = select(AbuseCase).where(AbuseCase.ref == bindparam("ref"))
_OF_REFERRAL = select(AbuseCase).where(AbuseCase.referral_id == bindparam("referral"))
_AGREED = (
    select(ListEntry.id)
    .where(
        ListEntry.case_id == bindparam("case"),
        ListEntry.outcome.is_not(None),
        ~select(EarlierClock.id)
        .where(
            EarlierClock.case_id == ListEntry.case_id,
            EarlierClock.opened_at > ListEntry.decided_at,
        )
        .exists(),
    )
    .limit(1)
)
_EARLIER = (
    select(EarlierClock)
    .where(EarlierClock.case_id == bindparam("case"))
    .order_by(EarlierClock.id.desc())
)


def by_ref(session: Session, ref: str) -> AbuseCase | None:
    """A case by its public reference, whatever the case of its letters."""
    return session.execute(_BY_REF, {"ref": ref.strip().upper()}).scalar_one_or_none()


def of_referral(session: Session, referral_id: int) -> AbuseCase | None:
    """The case that began as this referral or became it."""
    return session.execute(_OF_REFERRAL, {"referral": referral_id}).scalar_one_or_none()


def referral_of(session: Session, case: AbuseCase) -> Referral | None:
    """The referral that a case is by now."""
    return session.get(Referral, case.referral_id) if case.referral_id is not None else None


def agreed_at_list(session: Session, case: AbuseCase) -> bool:
    """Whether a list or discussion gave the case an outcome, not the decision on its referral,
    since the case was last opened again."""
    return session.execute(_AGREED, {"case": case.id}).first() is not None


def earlier_clocks(session: Session, case_id: int) -> list[EarlierClock]:
    """The clocks by which a case had an outcome before it was opened again, the newest first."""
    return list(session.execute(_EARLIER, {"case": case_id}).scalars())


def has_child(case: AbuseCase) -> bool:
    """Whether a child is named: on the case, or on the referral that it is by now."""
    return case.referral_id is not None or any(one.kind is PersonKind.CHILD for one in case.people)


def may_leave(case: AbuseCase) -> bool:
    """Whether the information may leave the list by now: it is a referral, or its adults consented
    and no child is named. A child who is named since makes it for the list alone again, and so
    does a concern that raised no referral (IMAP 3, 5)."""
    return case.referral_id is not None or (case.release is Release.CONSENT and not has_child(case))


# The same of a row; a row without a case says nothing here.
FOR_LIST_ALONE = AbuseCase.referral_id.is_(None) & (
    AbuseCase.release.is_distinct_from(Release.CONSENT)
    | select(AbusePerson.id)
    .where(AbusePerson.case_id == AbuseCase.id, AbusePerson.kind == PersonKind.CHILD)
    .correlate(AbuseCase)
    .exists()
)


class ListedCase(NamedTuple):
    """One case in a list, `marked` where it is for the list alone. `people` are its children, or
    its adults where it has no child."""

    id: int
    ref: str
    received_at: datetime
    due_at: datetime | None
    risk: DomesticAbuseRisk
    marked: bool
    outcome: Outcome | None
    closed_at: datetime | None
    people: tuple[str, ...]


_COLUMNS = (
    AbuseCase.id,
    AbuseCase.ref,
    AbuseCase.received_at,
    AbuseCase.due_at,
    AbuseCase.risk,
    FOR_LIST_ALONE.label("marked"),
    AbuseCase.outcome,
    AbuseCase.closed_at,
    AbuseCase.referral_id,
)
# High before medium before standard, where two are due at once or not at all.
GRAVITY = case(
    *((AbuseCase.risk == risk, place) for place, risk in enumerate(DomesticAbuseRisk)),
    else_=len(DomesticAbuseRisk),
)
_SIZE = bindparam("size", type_=Integer())
_OPEN = (
    select(*_COLUMNS)
    .where(AbuseCase.closed_at.is_(None))
    .order_by(AbuseCase.due_at.is_(None), AbuseCase.due_at, GRAVITY, AbuseCase.id)
)
_CLOSED = (
    select(*_COLUMNS)
    .where(AbuseCase.closed_at.is_not(None))
    .order_by(AbuseCase.received_at.desc(), AbuseCase.id.desc())
    .limit(_SIZE)
)
_CLOSED_BEFORE = _CLOSED.where(
    tuple_(AbuseCase.received_at, AbuseCase.id)
    < tuple_(bindparam("moment", type_=UTCDateTime()), bindparam("last", type_=Integer()))
)


class Page(NamedTuple):
    rows: list[ListedCase]
    more: bool


def open_cases(session: Session) -> list[ListedCase]:
    """Every case without an outcome, the most overdue first."""
    return _listed(session, list(session.execute(_OPEN)))


def closed_cases(
    session: Session, before: tuple[datetime, int] | None = None, size: int = PAGE
) -> Page:
    """Cases with an outcome, the newest first; `before` is (received_at, id) of the last seen."""
    values: dict[str, object] = {"size": size + 1}
    if before is not None:
        values |= {"moment": before[0], "last": before[1]}
    found = list(session.execute(_CLOSED if before is None else _CLOSED_BEFORE, values))
    return Page(_listed(session, found[:size]), len(found) > size)


def _listed(session: Session, rows: list[Any]) -> list[ListedCase]:
    named = names(session, [row.id for row in rows], [row.referral_id for row in rows])
    return [
        ListedCase(
            id=row.id,
            ref=row.ref,
            received_at=row.received_at,
            due_at=row.due_at,
            risk=row.risk,
            marked=row.marked,
            outcome=row.outcome,
            closed_at=row.closed_at,
            people=named.of_case.get(row.id) or named.of_referral.get(row.referral_id, ()),
        )
        for row in rows
    ]


class Names(NamedTuple):
    of_case: dict[int, tuple[str, ...]]
    of_referral: dict[int | None, tuple[str, ...]]


_PEOPLE = (
    select(AbusePerson.case_id, AbusePerson.given_name, AbusePerson.family_name, AbusePerson.kind)
    .where(AbusePerson.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(AbusePerson.case_id, AbusePerson.position)
)
_CHILDREN = (
    select(ReferralChild.referral_id, Child.given_name, Child.family_name)
    .join(Child, Child.id == ReferralChild.child_id)
    .where(ReferralChild.referral_id.in_(bindparam("ids", expanding=True)))
    .order_by(ReferralChild.referral_id, ReferralChild.position)
)


def names(
    session: Session, case_ids: Collection[int], referral_ids: Collection[int | None]
) -> Names:
    """Whom cases and referrals are about, in two statements at most: the children, and the adults
    of a case without any."""
    children: dict[int, list[str]] = {}
    adults: dict[int, list[str]] = {}
    if case_ids:
        for owner, given, family, kind in session.execute(_PEOPLE, {"ids": list(case_ids)}):
            into = children if kind is PersonKind.CHILD else adults
            into.setdefault(owner, []).append(f"{given} {family}".strip())
    of_referral: dict[int | None, list[str]] = {}
    wanted = [one for one in referral_ids if one is not None]
    if wanted:
        for owner, given, family in session.execute(_CHILDREN, {"ids": wanted}):
            of_referral.setdefault(owner, []).append(f"{given} {family}".strip())
    return Names(
        {key: tuple(found) for key, found in (adults | children).items()},
        {key: tuple(found) for key, found in of_referral.items()},
    )


class Context(NamedTuple):
    """The rows round a case: who reported it, who wrote it down, what it became."""

    source: str
    entered_by: str
    referral: str | None


_CONTEXT = (
    select(Agency.name, Staff.name, Referral.ref)
    .select_from(AbuseCase)
    .join(Agency, Agency.id == AbuseCase.source_agency_id)
    .join(Staff, Staff.id == AbuseCase.entered_by_id)
    .outerjoin(Referral, Referral.id == AbuseCase.referral_id)
    .where(AbuseCase.id == bindparam("case"))
)


def context_of(session: Session, case_id: int) -> Context:
    """Names and references that a case's page shows beside its own columns."""
    return Context(*session.execute(_CONTEXT, {"case": case_id}).one())
