"""What the first page says of requests to agencies, and of mail about referrals that failed (G1,
A5, A6, A10, D7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, literal, select
from sqlalchemy.orm import Session

from app.core.clock import words_for_span
from app.core.database import UTCDateTime, any_of
from app.directory.models import Agency, Professional
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.protocols.types import Protocol
from app.protocols.ways import After
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.rules import late_from, state_of
from app.referrals.checks.types import CheckState
from app.referrals.letters.models import ReferralLetter
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Referral, ReferralRating
from app.referrals.outcome.models import ReferralReopening
from app.referrals.public.models import Arrival
from app.referrals.rating.rules import needs_second
from app.referrals.rating.types import Rated
from app.referrals.types import Outcome
from app.reports.types import MOST, WorkKind

Rows = Select[*tuple[Any, ...]]

_FAILED = (MessageState.REFUSED, MessageState.DEAD, MessageState.BOUNCED)
# Written literally, so that the partial index of what failed and was not seen serves it.
failed = OutboxMessage.state.in_(any_of(_FAILED)) & OutboxMessage.seen_at.is_(None)
_is_open = AgencyCheck.answered_at.is_(None) & AgencyCheck.withdrawn_at.is_(None)
_no_due = literal(None, UTCDateTime()).label("due_at")

# Late although the referral is decided: somebody said that the answer is wanted all the same, or
# it was asked for a strategy discussion. Whoever ends that says what becomes of it; where nobody
# did, the page it leads to asks.
LATE_AND_WANTED: Rows = (
    select(Referral.id, Referral.ref, func.min(AgencyCheck.due_at).label("due_at"))
    .join(AgencyCheck, AgencyCheck.referral_id == Referral.id)
    .where(
        Referral.decided_at.is_not(None),
        _is_open,
        AgencyCheck.wanted_because.is_not(None) | (Referral.outcome == Outcome.STRATEGY_DISCUSSION),
        AgencyCheck.due_at < bindparam("now", type_=UTCDateTime()),
    )
    .group_by(Referral.id, Referral.ref)
    .order_by(func.min(AgencyCheck.due_at), Referral.id)
)


def newest_failures(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Of mail that failed the newest, so that no number of failures that lie unseen keeps a new
    one off the page (D7); cut before they are put together."""
    return (
        select(*columns)
        .select_from(OutboxMessage)
        .where(failed)
        .order_by(OutboxMessage.id.desc())
        .limit(4 * MOST)
    )


def _about(message_id: Any, referral_id: Any, *conditions: Any) -> Rows:
    """Referrals of which a mail failed, the newest failure first; of many the newest are put
    together."""
    failures = (
        newest_failures(referral_id.label("referral_id"), OutboxMessage.id)
        .join(message_id.class_, message_id == OutboxMessage.id)
        .where(*conditions)
        .subquery()
    )
    # Cut before they are looked up: a plan that walks all referrals would cost more each year.
    first = (
        select(failures.c.referral_id, func.max(failures.c.id).label("newest"))
        .where(failures.c.referral_id.is_not(None))
        .group_by(failures.c.referral_id)
        .order_by(func.max(failures.c.id).desc())
        .limit(MOST + 1)
        .subquery()
    )
    return (
        select(Referral.id, Referral.ref, _no_due)
        .join(first, first.c.referral_id == Referral.id)
        .order_by(first.c.newest.desc())
    )


REQUESTS_FAILED = _about(AgencyCheck.message_id, AgencyCheck.referral_id, _is_open)
LETTERS_FAILED = _about(
    ReferralLetter.message_id, ReferralLetter.referral_id, ReferralLetter.opened_at.is_(None)
)
FORMS_FAILED: Rows = (
    select(Arrival.id, Arrival.ref, _no_due)
    .select_from(OutboxMessage)
    .join(Arrival, Arrival.message_id == OutboxMessage.id)
    .where(failed)
    .order_by(OutboxMessage.id.desc())
)
_REQUESTS_NOT_ARRIVED = (
    newest_failures(
        AgencyCheck.referral_id, Agency.name, Professional.telephone, OutboxMessage.problem
    )
    .join(AgencyCheck, AgencyCheck.message_id == OutboxMessage.id)
    .join(Agency, Agency.id == AgencyCheck.agency_id)
    .join(Professional, Professional.id == AgencyCheck.professional_id)
    .where(_is_open)
)


def requests_not_arrived(session: Session) -> dict[int, list[str]]:
    """By referral: to which agency a request did not arrive, why, and what to do: one statement."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for referral_id, agency, telephone, problem in session.execute(_REQUESTS_NOT_ARRIVED).all():
        ring = f"Telephone {telephone}" if telephone else "Telephone them"
        said = f" {problem}" if problem else ""
        found[referral_id].append(f"To {agency}.{said} {ring}, or send it to another address.")
    return found


_reopened = (
    select(func.max(ReferralReopening.reopened_at))
    .where(ReferralReopening.referral_id == AgencyCheck.referral_id)
    .scalar_subquery()
)
_ASKED = (
    select(
        AgencyCheck.referral_id,
        Agency.name,
        AgencyCheck.asked_at,
        AgencyCheck.due_at,
        AgencyCheck.answered_at,
        AgencyCheck.withdrawn_at,
    )
    .join(Agency, Agency.id == AgencyCheck.agency_id)
    .where(
        AgencyCheck.referral_id.in_(bindparam("ids", expanding=True)),
        _reopened.is_(None) | (AgencyCheck.asked_at >= _reopened),
    )
    .order_by(AgencyCheck.due_at, AgencyCheck.id)
)
_rated_after = (
    select(func.max(ReferralReopening.reopened_at))
    .where(ReferralReopening.referral_id == ReferralRating.referral_id)
    .scalar_subquery()
)
_RATED = (
    select(
        ReferralRating.referral_id,
        ReferralRating.rating,
        ReferralRating.stage,
        _rated_after.is_(None) | (ReferralRating.rated_at >= _rated_after),
    )
    .where(ReferralRating.referral_id.in_(bindparam("ids", expanding=True)))
    .order_by(ReferralRating.id)
)


_met_after = (
    select(func.max(ReferralReopening.reopened_at))
    .where(ReferralReopening.referral_id == Referral.id)
    .correlate(Referral)
    .scalar_subquery()
)
_MET = (
    select(Referral.id)
    .join(ListEntry, ListEntry.referral_id == Referral.id)
    .join(ListSitting, ListSitting.id == ListEntry.sitting_id)
    .where(
        Referral.id.in_(bindparam("ids", expanding=True)),
        Referral.decided_at.is_(None),
        ListSitting.ended_at >= func.coalesce(_met_after, Referral.received_at),
    )
    .distinct()
)


class Step(NamedTuple):
    """What is to be done next on a referral, and what to know before."""

    kind: WorkKind
    details: tuple[str, ...]


def next_steps(
    session: Session, protocol: Protocol | None, ids: Sequence[int], now: datetime
) -> dict[int, Step]:
    """Of these referrals, those where agencies were asked or met and something is to be done about
    it: at most four statements."""
    if not ids or protocol is None:
        return {}
    values = {"ids": ids}
    late: defaultdict[int, list[str]] = defaultdict(list)
    states: defaultdict[int, list[CheckState]] = defaultdict(list)
    for referral_id, agency, at, due, answered, withdrawn in session.execute(_ASKED, values).all():
        state = state_of(now, asked=at, due=due, answered=answered, withdrawn=withdrawn)
        states[referral_id].append(state)
        if state is CheckState.LATE:
            late[referral_id].append(f"{agency}: {words_for_span(now - late_from(at, due))} late.")
    answered_by = {
        referral_id: found.count(CheckState.ANSWERED)
        for referral_id, found in states.items()
        if set(found) <= {CheckState.ANSWERED, CheckState.WITHDRAWN}
    }
    steps = {id_: Step(WorkKind.AGENCY_LATE, tuple(words)) for id_, words in late.items()}
    complete = [referral_id for referral_id, count in answered_by.items() if count]
    met = _met(session, protocol, ids)
    again = _to_rate_again(session, protocol, {*complete, *met})
    second = protocol.ways.second_rating
    meets = second is not None and second.after is After.MEETING
    for id_ in complete:
        kind = WorkKind.ANSWERS_IN
        if id_ in again:
            kind = WorkKind.HOLD_MEETING if meets else WorkKind.RATE_AGAIN
        count = answered_by[id_]
        words = "The agency that was asked has" if count == 1 else f"All {count} agencies have"
        steps[id_] = Step(kind, (f"{words} answered.",))
    for id_ in met & again:
        steps[id_] = Step(WorkKind.RATE_AGAIN, ("The meeting on it has ended.",))
    return steps


def _met(session: Session, protocol: Protocol, ids: Sequence[int]) -> set[int]:
    """Those on which the agencies have met, where the area rates again after that."""
    second = protocol.ways.second_rating
    if second is None or second.after is not After.MEETING:
        return set()
    return set(session.execute(_MET, {"ids": ids}).scalars())


def _to_rate_again(session: Session, protocol: Protocol, ids: Collection[int]) -> set[int]:
    """Those that the area rates again (HO2014 Sandwell, Camden)."""
    if not ids or protocol.ways.second_rating is None:
        return set()
    rated: defaultdict[int, list[Rated]] = defaultdict(list)
    for referral_id, rating, stage, current in session.execute(_RATED, {"ids": sorted(ids)}):
        rated[referral_id].append(Rated(rating, stage, bool(current)))
    return {id_ for id_ in ids if needs_second(protocol, rated[id_])}
