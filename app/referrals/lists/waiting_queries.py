"""What waits for a list: what the next one takes, and what was opened and nobody has ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from app.protocols.series import sitting_day
from app.protocols.types import Series
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.queries import GRAVITY
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.lists.queries import of_day
from app.referrals.models import Referral
from app.referrals.outcome.models import ReferralReopening
from app.referrals.types import DomesticAbuseRisk, Rating

# A list that nobody could go through in a day: what is beyond waits for the next one.
MOST = 100


class Waiting(NamedTuple):
    """A case or referral that a series takes. `id` is that of the case or of the referral."""

    id: int
    carried: bool


_CARRIED_CASE = (
    select(ListEntry.id)
    .where(ListEntry.case_id == AbuseCase.id, ListEntry.outcome.is_(None))
    .exists()
)
_CASES = (
    select(AbuseCase.id, _CARRIED_CASE.label("carried"))
    .where(
        AbuseCase.closed_at.is_(None),
        AbuseCase.risk.in_(bindparam("kinds", expanding=True)),
        AbuseCase.id.not_in(
            select(ListEntry.case_id)
            .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
            .where(ListEntry.case_id.is_not(None), ListSitting.ended_at.is_(None))
        ),
    )
    .order_by(_CARRIED_CASE.desc(), GRAVITY, AbuseCase.due_at, AbuseCase.received_at, AbuseCase.id)
    .limit(MOST)
)
_reopened_at = (
    select(func.max(ReferralReopening.reopened_at))
    .where(ReferralReopening.referral_id == Referral.id)
    .correlate(Referral)
    .scalar_subquery()
)


def _since_reopened(at: Any) -> Any:
    """What a list said before a referral was opened again counts no more."""
    return _reopened_at.is_(None) | (at >= _reopened_at)


_CARRIED_REFERRAL = (
    select(ListEntry.id)
    .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
    .where(
        ListEntry.referral_id == Referral.id,
        ListEntry.outcome.is_(None),
        _since_reopened(ListSitting.opened_at),
    )
    .exists()
)
_BY_RATING = case(
    *((Referral.rating == rating, place) for place, rating in enumerate(Rating)),
    else_=len(Rating),
)
_REFERRALS = (
    select(Referral.id, _CARRIED_REFERRAL.label("carried"))
    .where(
        Referral.decided_at.is_(None),
        Referral.rating.in_(bindparam("kinds", expanding=True)),
        ~select(ListEntry.id)
        .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
        .where(
            ListEntry.referral_id == Referral.id,
            ListSitting.ended_at.is_(None)
            | (ListEntry.outcome.is_not(None) & _since_reopened(ListEntry.decided_at)),
        )
        .exists(),
    )
    .order_by(_CARRIED_REFERRAL.desc(), _BY_RATING, Referral.decision_due_at, Referral.id)
    .limit(MOST)
)


def waiting(session: Session, series: Series) -> list[Waiting]:
    """What a list of this series would take now, in its order: carried over first, then the
    gravest, then the longest waiting. What stands on a list that is open is not taken again."""
    if series.domestic_abuse:
        kinds = [DomesticAbuseRisk(one.value) for one in series.domestic_abuse]
        return [Waiting(*row) for row in session.execute(_CASES, {"kinds": kinds})]
    ratings = list(series.ratings)
    return [Waiting(*row) for row in session.execute(_REFERRALS, {"kinds": ratings})]


def waits_on(session: Session, series: Series, today: date) -> str | None:
    """Whether the list of a series of today, or of this week, is still to be gone through: its
    reference, empty before it is opened; None where there is nothing to do."""
    day = sitting_day(series, today)
    if day > today:
        return None
    held = of_day(session, series.id, day)
    if held is not None:
        return held.ref if held.ended_at is None else None
    return "" if waiting(session, series) else None


class LeftOpen(NamedTuple):
    """A list or a discussion of a day that is over, which nobody has ended; `open` counts the
    cases on it without an outcome. No other list takes them meanwhile. `abuse`: a domestic abuse
    case stands on it."""

    ref: str
    name: str
    series_id: str | None
    day: date
    open: int
    abuse: bool


_LEFT_OPEN = (
    select(
        ListSitting.ref,
        ListSitting.name,
        ListSitting.series_id,
        ListSitting.day,
        select(func.count(ListEntry.id))
        .where(ListEntry.sitting_id == ListSitting.id, ListEntry.outcome.is_(None))
        .scalar_subquery(),
        exists().where(ListEntry.sitting_id == ListSitting.id, ListEntry.case_id.is_not(None)),
    )
    .where(
        ListSitting.ended_at.is_(None),
        ListSitting.day < bindparam("today", type_=ListSitting.__table__.c.day.type),
    )
    .order_by(ListSitting.id)
    .limit(MOST)
)


def left_open(session: Session, series: Collection[Series], today: date) -> list[LeftOpen]:
    """What was opened on an earlier day and not ended, the oldest first, without the lists of this
    week that `waits_on` gives; also of a series that the protocol no longer has (C10)."""
    now_open = {(one.id, sitting_day(one, today)) for one in series}
    found = [LeftOpen(*row) for row in session.execute(_LEFT_OPEN, {"today": today})]
    return [one for one in found if (one.series_id, one.day) not in now_open]


_LEFT_BEFORE = _LEFT_OPEN.where(ListSitting.series_id == bindparam("series"))


def left_before(session: Session, series_id: str, day: date) -> list[LeftOpen]:
    """The lists of a series from before this day that nobody has ended, the oldest first."""
    values = {"series": series_id, "today": day}
    return [LeftOpen(*row) for row in session.execute(_LEFT_BEFORE, values)]
