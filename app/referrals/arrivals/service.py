"""Taking in a referral that came by the public form, or closing what is none (A1, A12)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.referrals.acting import staff_id
from app.referrals.arrivals.models import ArrivalReopening
from app.referrals.models import Referral
from app.referrals.outcome.types import FilterReason
from app.referrals.public.models import Arrival
from app.referrals.service import enter_referral
from app.referrals.types import Flag, Intake

LONGEST_REASON = 4000


def take_in(session: Session, actor: Actor, ref: str, intake: Intake, now: datetime) -> Referral:
    """Make the referral that was sent under this reference; the original stays as it was sent.

    `intake` is what staff made of it, the wrong-child guard answered (A3). Raises Refused (field
    `arrived`) where somebody took it in or closed it first, and whatever entering one raises.
    """
    held = _waiting(session, ref)
    referral = enter_referral(session, actor, intake, now, ref=held.ref)
    _settle(held, actor, now)
    held.referral_id = referral.id
    session.flush()
    flags = [Flag.RISK_NOW.value] if held.risk_now else []
    record(session, actor, "referral taken in", _subject(held), now, {"flags": flags})
    return referral


def close(
    session: Session, actor: Actor, ref: str, filtered: FilterReason, because: str, now: datetime
) -> None:
    """Close what came by the form and is no referral, with the reason (A12; HO2014 Wiltshire).

    Raises Refused by the field, `because` or `arrived`.
    """
    if not because:
        raise Refused("because", "Say why this is no referral")
    held = _waiting(session, ref)
    _settle(held, actor, now)
    held.filtered, held.closed_because = filtered, because
    session.flush()
    record(
        session, actor, "closed as no referral", _subject(held), now, {"filtered": filtered.value}
    )


def reopen(
    session: Session, actor: Actor, ref: str, reason: str, now: datetime
) -> ArrivalReopening:
    """Open a form again that was closed as no referral: it waits to be taken in, by the clock it
    had, since nothing was decided in between. Why it was closed is kept.

    Raises Refused by the field, `reason` or `arrived`.
    """
    if not reason:
        raise Refused("reason", "Say why this is opened again")
    held = _locked(session, ref)
    if (
        held.filtered is None
        or held.closed_because is None
        or held.settled_at is None
        or held.settled_by_id is None
    ):
        raise Refused("reason", "This is not closed: somebody may have opened it again already")
    reopening = ArrivalReopening(
        arrival_id=held.id,
        reason=reason,
        reopened_by_id=staff_id(actor),
        reopened_at=now,
        was_filtered=held.filtered,
        was_because=held.closed_because,
        was_closed_at=held.settled_at,
        was_closed_by_id=held.settled_by_id,
    )
    session.add(reopening)
    held.filtered = held.closed_because = None
    held.settled_at = held.settled_by_id = None
    session.flush()
    record(
        session, actor, "opened again", _subject(held), now,
        {"filtered": reopening.was_filtered.value},
    )  # fmt: skip
    return reopening


def _waiting(session: Session, ref: str) -> Arrival:
    held = _locked(session, ref)
    if held.settled_at is not None:
        raise Refused("arrived", "Somebody else has dealt with this one: go back to the list")
    return held


def _locked(session: Session, ref: str) -> Arrival:
    held = session.execute(
        select(Arrival)
        .where(Arrival.ref == ref, Arrival.sent_at.is_not(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if held is None:
        raise Refused("arrived", "That referral is not there: go back to the list")
    return held


def _settle(held: Arrival, actor: Actor, now: datetime) -> None:
    held.settled_at, held.settled_by_id = now, actor.id


def _subject(held: Arrival) -> Subject:
    return Subject("referral", held.ref)
