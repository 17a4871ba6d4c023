"""How requests end that nobody has answered: withdrawn one by one, or with the decision on the
referral and the discussion for which they were made (A6, A7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.core.refusal import Refused
from app.referrals.acting import subject_of, taken_first
from app.referrals.checks import queries, rules
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import Unanswered
from app.referrals.models import Referral
from app.referrals.types import ChangedMeanwhile


def withdraw(
    session: Session,
    actor: Actor,
    check: AgencyCheck,
    reason: str,
    now: datetime,
    version: int,
) -> None:
    """Take a request back: its link says from now on that no answer is needed, and nothing of the
    case. Raises Refused without a reason or after an answer; ChangedMeanwhile where it was
    answered or withdrawn in between."""
    if check.version != version:
        raise ChangedMeanwhile
    if check.answered_at is not None or check.withdrawn_at is not None:
        raise Refused("reason", "This request is answered or withdrawn already")
    if not reason:
        raise Refused("reason", "Say why the request is withdrawn")
    _withdraw(session, actor, check, reason, now)


def settle_open(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: Unanswered,
    reason: str,
    now: datetime,
) -> None:
    """A decision, and the end of a discussion, withdraw the open requests, but for those whose
    answer is wanted all the same: they are chased as before (A6, A7). `reason` says which.

    Raises Refused (fields `wanted`, `wanted_because`) where one was not seen, or has no reason.
    """
    _settle(session, actor, referral, queries.open_on(session, referral.id), given, reason, now)


def settle_left_open(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: Unanswered,
    over: datetime,
    now: datetime,
) -> None:
    """Say afterwards what becomes of the requests of which nobody said it when the discussion
    ended, at `over`. Raises Refused as `settle_open` does."""
    taken_first(session, referral.id)
    left = queries.left_open(session, referral, over)
    _settle(session, actor, referral, left, given, "The strategy discussion is over", now)


def _settle(
    session: Session,
    actor: Actor,
    referral: Referral,
    waiting: Sequence[AgencyCheck],
    given: Unanswered,
    reason: str,
    now: datetime,
) -> None:
    rules.check_settled([check.ref for check in waiting], given)
    for check in waiting:
        if check.ref in given.wanted:
            check.wanted_because = given.because
            session.flush()
            record(
                session, actor, "request still wanted", subject_of(referral), now,
                {"request": check.ref},
            )  # fmt: skip
        else:
            _withdraw(session, actor, check, reason, now)


def _withdraw(
    session: Session, actor: Actor, check: AgencyCheck, reason: str, now: datetime
) -> None:
    referral = session.get_one(Referral, check.referral_id)
    check.withdrawn_at, check.withdrawn_reason = now, reason
    check.next_reminder_at = None
    session.flush()
    record(session, actor, "request withdrawn", subject_of(referral), now, {"request": check.ref})
