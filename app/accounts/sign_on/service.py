"""Letting in whom the council's provider knows: only people who have an account here (H1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import second_factor
from app.accounts.models import Staff, StaffSession
from app.accounts.queries import Reachable
from app.accounts.recovery import service as recovery
from app.accounts.rules import is_paused
from app.accounts.service import count_failure, open_half
from app.accounts.sign_on.rules import has_second_factor
from app.accounts.sign_on.types import Known
from app.accounts.telling import AccountEvent, Tell
from app.accounts.types import StaffMember
from app.audit import service as audit
from app.audit.types import PUBLIC, Actor, ActorKind, Subject
from app.core.crypto import keyed_digest
from app.core.installation import index_key


@dataclass(frozen=True, slots=True)
class SignedOn:
    """The token of the session, and whether our own second factor is still to come."""

    token: str = field(repr=False)
    is_whole: bool


def sign_on(
    session: Session,
    known: Known,
    counted: Collection[str],
    place: str | None,
    tell: Tell,
    now: datetime,
) -> SignedOn | None:
    """Open a session for the member of staff whom the provider knows; None where there is none.

    Known by the subject that was bound before; else, once, by the address that the provider has
    verified, which binds the subject to the account. Never makes an account.
    """
    staff = _of_subject(session, known.subject) or _bound_now(session, known, tell, now)
    if staff is None:
        who = keyed_digest(index_key(session), "sign-in", known.subject)[:16]
        why = _why_refused(session, known)
        audit.record(
            session, PUBLIC, "single sign-on refused", Subject("sign-in", who), now, {"why": why}
        )
        return None
    token = open_half(session, staff, now, place, by_sign_on=True)
    whole = has_second_factor(known, counted)
    if whole:
        session.flush()
        opened = session.execute(
            select(StaffSession)
            .where(StaffSession.staff_id == staff.id)
            .order_by(StaffSession.id.desc())
            .limit(1)
        ).scalar_one()
        opened.passed_second_factor_at = now
    action = "signed in with single sign-on" if whole else "single sign-on given"
    audit.record(session, _actor(staff), action, _subject(staff.id), now)
    return SignedOn(token, whole)


def sign_on_again(
    session: Session, member: StaffMember, known: Known, counted: Collection[str], now: datetime
) -> bool | None:
    """Somebody showed the provider again who they are (F2). True where that is enough, False where
    our own code is still to come, None where it was somebody else."""
    staff = _of_subject(session, known.subject)
    if staff is None or staff.id != member.id:
        audit.record(
            session, member.actor, "single sign-on of somebody else", _subject(member.id), now
        )
        return None
    if not has_second_factor(known, counted):
        return False
    _reauthenticated(session, member, now)
    audit.record(session, member.actor, "single sign-on given again", _subject(member.id), now)
    return True


def code_again(
    session: Session, member: StaffMember, typed: str, tell: Tell, now: datetime
) -> bool:
    """Our own second factor, after the provider has said again who it is. Wrong ones count."""
    staff = session.execute(
        select(Staff)
        .where(Staff.id == member.id, Staff.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if staff is None or staff.totp_secret is None:
        return False
    if is_paused(now, staff.paused_until):
        audit.record(session, member.actor, "refused during a pause", _subject(member.id), now)
        return False
    step = second_factor.matching_step(staff.totp_secret, typed, now, staff.totp_last_step)
    if step is not None:
        staff.totp_last_step = step
    elif recovery.take(session, staff.id, typed, now):
        tell(session, AccountEvent.RECOVERY_CODE_USED, [_reachable(staff)], now)
    else:
        count_failure(session, staff, "code given again", now)
        return False
    staff.failures, staff.paused_until = 0, None
    _reauthenticated(session, member, now)
    audit.record(
        session, member.actor, "single sign-on and code given again", _subject(member.id), now
    )
    return True


def _of_subject(session: Session, subject: str) -> Staff | None:
    return session.execute(
        select(Staff)
        .where(Staff.sign_on_subject == subject, Staff.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def _why_refused(session: Session, known: Known) -> str:
    if known.email is None:
        return "address not confirmed by the provider"
    there = select(Staff.id).where(Staff.email == known.email, Staff.ended_at.is_(None))
    return "linked to another subject" if session.execute(there).first() else "no account"


def _bound_now(session: Session, known: Known, tell: Tell, now: datetime) -> Staff | None:
    if known.email is None:
        return None
    staff = session.execute(
        select(Staff)
        .where(
            Staff.email == known.email,
            Staff.ended_at.is_(None),
            # Bound to another subject: an address that was given to somebody new opens nothing.
            Staff.sign_on_subject.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if staff is None:
        return None
    staff.sign_on_subject = known.subject
    tell(session, AccountEvent.SINGLE_SIGN_ON_LINKED, [_reachable(staff)], now)
    audit.record(session, _actor(staff), "single sign-on linked", _subject(staff.id), now)
    return staff


def _reauthenticated(session: Session, member: StaffMember, now: datetime) -> None:
    opened = session.get(StaffSession, member.session_id, populate_existing=True)
    if opened is not None and opened.ended_at is None:
        opened.reauthenticated_at = opened.last_seen_at = now


def _reachable(staff: Staff) -> Reachable:
    return Reachable(staff.id, staff.name, staff.email)


def _actor(staff: Staff) -> Actor:
    return Actor(ActorKind.STAFF, staff.id, staff.name)


def _subject(staff_id: int) -> Subject:
    return Subject("staff", str(staff_id))
