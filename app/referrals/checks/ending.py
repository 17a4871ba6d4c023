"""How requests end that nobody has answered: withdrawn one by one, or with the decision on the
referral and the discussion for which they were made (A6, A7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.core.refusal import Refused
from app.directory import queries as directory
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.outbox import service as outbox
from app.outbox.queries import has_failed
from app.referrals.acting import subject_of, taken_first
from app.referrals.checks import queries, rules
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import Unanswered
from app.referrals.checks.withdrawn import request_withdrawn
from app.referrals.models import Referral
from app.referrals.sender import Sender, desk_of
from app.referrals.types import ChangedMeanwhile


def withdraw(
    session: Session,
    actor: Actor,
    check: AgencyCheck,
    reason: str,
    sender: Sender,
    now: datetime,
    version: int,
) -> None:
    """Take a request back and tell the agency so: its link says from now on that no answer is
    needed, and nothing of the case, and ends a day later. Raises Refused without a reason or after
    an answer; ChangedMeanwhile where it was answered or withdrawn in between."""
    if check.version != version:
        raise ChangedMeanwhile
    if check.answered_at is not None or check.withdrawn_at is not None:
        raise Refused("reason", "This request is answered or withdrawn already")
    if not reason:
        raise Refused("reason", "Say why the request is withdrawn")
    _withdraw(session, actor, [check], reason, sender, now)


def settle_open(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: Unanswered,
    reason: str,
    sender: Sender | None,
    now: datetime,
) -> None:
    """A decision, and the end of a discussion, withdraw the open requests, but for those whose
    answer is wanted all the same: they are chased as before (A6, A7). `reason` says which; without
    a `sender` nobody is told.

    Raises Refused (fields `wanted`, `wanted_because`) where one was not seen, or has no reason.
    """
    waiting = queries.open_on(session, referral.id)
    _settle(session, actor, referral, waiting, given, reason, sender, now)


def settle_left_open(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: Unanswered,
    over: datetime,
    sender: Sender,
    now: datetime,
) -> None:
    """Say afterwards what becomes of the requests of which nobody said it when the discussion
    ended, at `over`. Raises Refused as `settle_open` does."""
    taken_first(session, referral.id)
    left = queries.left_open(session, referral, over)
    reason = "The strategy discussion is over"
    _settle(session, actor, referral, left, given, reason, sender, now)


def _settle(
    session: Session,
    actor: Actor,
    referral: Referral,
    waiting: Sequence[AgencyCheck],
    given: Unanswered,
    reason: str,
    sender: Sender | None,
    now: datetime,
) -> None:
    rules.check_settled([check.ref for check in waiting], given)
    ended = [check for check in waiting if check.ref not in given.wanted]
    _withdraw(session, actor, ended, reason, sender, now)
    for check in waiting:
        if check.ref in given.wanted:
            check.wanted_because = given.because
            session.flush()
            record(
                session, actor, "request still wanted", subject_of(referral), now,
                {"request": check.ref},
            )  # fmt: skip


def _withdraw(
    session: Session,
    actor: Actor,
    checks: Sequence[AgencyCheck],
    reason: str,
    sender: Sender | None,
    now: datetime,
) -> None:
    for check in checks:
        check.withdrawn_at, check.withdrawn_reason = now, reason
        check.next_reminder_at = None
    session.flush()
    # Whom it reached is looked at for all before the audit is written: letters are locked first.
    told = {check.id for check in checks if sender and _tell(session, check, sender, now)}
    for check in checks:
        referral = session.get_one(Referral, check.referral_id)
        record(
            session, actor, "request withdrawn", subject_of(referral), now,
            {"request": check.ref, "told": check.id in told},
        )  # fmt: skip


def _tell(session: Session, check: AgencyCheck, sender: Sender, now: datetime) -> bool:
    """Tell the agency, and end the link; no letter where no letter has reached it."""
    if check.invitation_id is None or check.message_id is None:
        return False
    invitation = session.get_one(Invitation, check.invitation_id)
    ends = now + rules.WITHDRAWN_LIFE
    if invitation.expires_at is None or invitation.expires_at > ends:
        invitations.set_expiry(session, invitation, ends)
    taken_back = outbox.withdraw(session, [check.message_id])
    if has_failed(session, check.message_id) or (taken_back and not check.reminders):
        return False
    desk = desk_of(directory.council(session), sender)
    letter = request_withdrawn(desk, check.ref, invitation.name, invitation.email, now)
    outbox.enqueue(session, letter, now)
    return True
