"""What waits between door and decision, and what comes after the decision on a referral (G1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Integer,
    Select,
    String,
    Text,
    bindparam,
    cast,
    exists,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff, StaffRole
from app.accounts.types import Role
from app.core.clock import words_for_span
from app.core.database import literally
from app.directory.models import Agency
from app.protocols.types import Protocol
from app.protocols.ways import Settler
from app.referrals.abuse.models import AbuseCase
from app.referrals.allocation.models import ReferralAllocation
from app.referrals.checks.models import AgencyCheck, CheckAnswer
from app.referrals.lists.waiting_queries import left_open, waits_on
from app.referrals.models import Referral
from app.referrals.public.models import Arrival
from app.referrals.rating.models import RatingDispute
from app.referrals.types import AT_RISK_NOW, IN_TURN, Concern
from app.reports import asked
from app.reports.types import WorkKind

Rows = Select[*tuple[Any, ...]]

# What came by the public form and waits to be taken in.
_WAITING = (
    select(Arrival.id, Arrival.ref, Arrival.decision_due_at.label("due_at"))
    .where(Arrival.sent_at.is_not(None), Arrival.settled_at.is_(None))
    .order_by(Arrival.decision_due_at, Arrival.id)
)


def _undecided(place: int) -> Rows:
    return (
        select(Referral.id, Referral.ref, Referral.act_by_at.label("due_at"))
        .where(Referral.decided_at.is_(None), Referral.queue_place == literally(place))
        .order_by(Referral.act_by_at, Referral.id)
    )


_is_social_worker = exists().where(
    Staff.id == ReferralAllocation.social_worker_id,
    Staff.ended_at.is_(None),
    StaffRole.staff_id == Staff.id,
    StaffRole.role == Role.SOCIAL_WORKER,
)
# Whoever has left, or is no social worker any more, has it no longer.
_has_social_worker = exists().where(
    ReferralAllocation.referral_id == Referral.id,
    ReferralAllocation.ended_at.is_(None),
    _is_social_worker.correlate(ReferralAllocation),
)

# Written literally, as in the partial index: SQLite takes `unread = 1` for something else.
_is_unread = text("check_answer.unread")
_waiting = aliased(ReferralAllocation)
# By the partial index alone: in the order of the table all there ever were would be gone through.
_not_taken_on = ReferralAllocation.id.in_(
    select(_waiting.id).where(_waiting.taken_at.is_(None), _waiting.ended_at.is_(None))
)

# Those who may be at risk now stand apart, so that no number of others can push one off the page.
ROWS: dict[WorkKind, Rows] = {
    WorkKind.AT_RISK: _WAITING.where(Arrival.risk_now),
    WorkKind.TAKE_IN: _WAITING.where(~Arrival.risk_now),
    WorkKind.DECIDE_NOW: _undecided(AT_RISK_NOW),
    WorkKind.DECIDE: _undecided(IN_TURN),
    WorkKind.SETTLE_RATING: (
        select(Referral.id, Referral.ref, Referral.act_by_at.label("due_at"))
        .join(RatingDispute, RatingDispute.referral_id == Referral.id)
        .where(RatingDispute.settled_at.is_(None), Referral.decided_at.is_(None))
        .order_by(Referral.act_by_at, Referral.id)
    ),
    # What goes straight to a social worker here and has none (HO2014 Merton): by itself, so that
    # no number of others that are due sooner can push one off the page.
    WorkKind.ALLOCATE: (
        select(Referral.id, Referral.ref, Referral.act_by_at.label("due_at"))
        .where(
            Referral.decided_at.is_(None),
            Referral.rating.in_(bindparam("ratings", expanding=True)),
            ~_has_social_worker,
        )
        .order_by(Referral.act_by_at, Referral.id)
    ),
    WorkKind.NOT_TAKEN_ON: (
        select(Referral.id, Referral.ref, Referral.act_by_at.label("due_at"))
        .join(ReferralAllocation, ReferralAllocation.referral_id == Referral.id)
        .where(
            Referral.decided_at.is_(None),
            _not_taken_on,
            _is_social_worker,
        )
        .order_by(ReferralAllocation.id)
    ),
    WorkKind.ALLOCATED: (
        select(Referral.id, Referral.ref, ReferralAllocation.allocated_at.label("due_at"))
        .join(ReferralAllocation, ReferralAllocation.referral_id == Referral.id)
        .where(
            ReferralAllocation.social_worker_id == bindparam("me", type_=Integer()),
            ReferralAllocation.taken_at.is_(None),
            ReferralAllocation.ended_at.is_(None),
        )
        .order_by(ReferralAllocation.id)
    ),
    WorkKind.AGENCY_LATE: asked.LATE_AND_WANTED,
    WorkKind.ANSWERED_SINCE: (
        select(Referral.id, Referral.ref, func.min(CheckAnswer.at).label("due_at"))
        .join(AgencyCheck, AgencyCheck.id == CheckAnswer.check_id)
        .join(Referral, Referral.id == AgencyCheck.referral_id)
        .where(_is_unread, Referral.decided_at.is_not(None))
        .group_by(Referral.id, Referral.ref)
        .order_by(func.min(CheckAnswer.at), Referral.id)
    ),
    WorkKind.ABUSE: (
        select(
            AbuseCase.id,
            AbuseCase.ref,
            AbuseCase.due_at,
            type_coerce(AbuseCase.risk, String()).label("risk"),
        )
        .where(AbuseCase.closed_at.is_(None), AbuseCase.due_at.is_not(None))
        .order_by(AbuseCase.due_at, AbuseCase.id)
    ),
    # Domestic abuse is a concern, and without a risk it stands on no list and by no clock (A8).
    WorkKind.ASSESS_RISK: (
        select(Referral.id, Referral.ref, Referral.act_by_at.label("due_at"))
        .where(
            Referral.decided_at.is_(None),
            Referral.domestic_abuse.is_(None),
            # The list is kept as JSON: a word of ours in quotes is in it or is not.
            cast(Referral.concerns, Text).contains(f'"{Concern.DOMESTIC_ABUSE.value}"'),
        )
        .order_by(Referral.act_by_at, Referral.id)
    ),
}
# Beyond that the page says "or more": a count that never scans them all.
COUNTED = 500
_HOW_MANY = select(func.count()).select_from(
    select(Referral.id).where(Referral.decided_at.is_(None)).limit(COUNTED).subquery()
)
_UNREAD = (
    select(AgencyCheck.referral_id, Agency.name, CheckAnswer.held, CheckAnswer.at)
    .join(CheckAnswer, CheckAnswer.check_id == AgencyCheck.id)
    .join(Agency, Agency.id == AgencyCheck.agency_id)
    .where(AgencyCheck.referral_id.in_(bindparam("ids", expanding=True)), CheckAnswer.unread)
    .order_by(CheckAnswer.at, CheckAnswer.id)
)
_STEPS = select(RatingDispute.referral_id, RatingDispute.step).where(
    RatingDispute.referral_id.in_(bindparam("ids", expanding=True)),
    RatingDispute.settled_at.is_(None),
)


def how_many_to_decide(session: Session) -> int:
    """How many referrals are not decided, `COUNTED` at most: one statement."""
    return session.execute(_HOW_MANY).scalar_one()


def unread_answers(
    session: Session, ids: Sequence[int], now: datetime
) -> dict[int, tuple[str, ...]]:
    """What came in since these referrals were decided: one statement, none without any."""
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    if ids:
        for referral_id, agency, held, at in session.execute(_UNREAD, {"ids": ids}).all():
            words = f"{agency}: {held.label.lower()}, {words_for_span(now - at)} ago."
            found[referral_id] += (words,)
    return found


def settled_by(
    session: Session, protocol: Protocol | None, ids: Sequence[int]
) -> dict[int, Settler]:
    """Who settles the open disagreement over the rating of each of these referrals, by the step of
    the protocol's order at which it stands (A5): one statement, none without any."""
    if not ids or protocol is None:
        return {}
    steps = protocol.ways.settles
    return {
        # A protocol that was changed meanwhile may have fewer steps: its last one then decides.
        referral_id: steps[min(step, len(steps) - 1)]
        for referral_id, step in session.execute(_STEPS, {"ids": ids})
    }


class ListToday(NamedTuple):
    """A list that was not gone through yet: its name, its reference once opened; of one that was
    left open on an earlier day, that day and how many cases on it have no outcome."""

    name: str
    ref: str
    left_on: date | None = None
    open: int = 0


def lists_today(session: Session, protocol: Protocol | None, today: date) -> list[ListToday]:
    """The lists that wait today, after those that were left open; nothing of what stands on them
    (C10; IMAP 5)."""
    series = protocol.series if protocol else ()
    left = [
        ListToday(one.name, one.ref, one.day, one.open) for one in left_open(session, series, today)
    ]
    waits = [(one.name, waits_on(session, one, today)) for one in series]
    return left + [ListToday(name, ref) for name, ref in waits if ref is not None]
