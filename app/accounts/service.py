"""Signing in, staying signed in, signing out, one's own password (H1).

Passwords are checked and hashed by the caller, before the transaction: Argon2 takes a tenth of a
second, in which nobody else could write. What comes in here is the answer, with the hash it was
found against.

Nothing here raises for a wrong password or code: the count of failures must be kept.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import rules, second_factor
from app.accounts.models import Staff, StaffSession
from app.accounts.queries import Reachable
from app.accounts.recovery import service as recovery
from app.accounts.sessions import end_sessions
from app.accounts.telling import AccountEvent, Tell
from app.accounts.types import Credentials, Role, StaffMember, Tried
from app.audit import service as audit
from app.audit.types import PUBLIC, Actor, ActorKind, Subject
from app.core.crypto import keyed_digest, new_token, token_digest
from app.core.installation import index_key


class Given(enum.Enum):
    """What was given as the second factor."""

    CODE = "code"
    RECOVERY_CODE = "recovery code"


_SIGNED_IN = {
    Given.CODE: "signed in",
    Given.RECOVERY_CODE: "signed in with a recovery code",
}
_GIVEN_AGAIN = {
    Given.CODE: "password and code given again",
    Given.RECOVERY_CODE: "password and recovery code given again",
}


@dataclass(frozen=True, slots=True)
class CodeTried:
    """What became of a code; with RIGHT comes the token of the new session."""

    result: Tried
    token: str | None = field(default=None, repr=False)
    # A recovery code was used up.
    by_recovery: bool = False


def password_tried(
    session: Session,
    email: str,
    tried: Credentials | None,
    right: bool,
    now: datetime,
    place: str | None = None,
    *,
    system_alone: bool = False,
) -> str | None:
    """Note a password typed at sign-in; returns the token of the step that follows, or None.

    `tried` is what the password was checked against, None for an unknown address. A paused
    account answers as to a wrong password, and so does, with `system_alone`, that of anybody but a
    system administrator: single sign-on is for everybody else. Each try is in the audit (H1); an
    unknown address only as a keyed digest, because people type passwords into the wrong field.
    """
    staff = None if tried is None else _locked(session, tried.staff_id)
    if staff is None or tried is None:
        who = keyed_digest(index_key(session), "sign-in", email.lower())[:16]
        audit.record(session, PUBLIC, "sign-in refused", Subject("sign-in", who), now)
        return None
    if rules.is_paused(now, staff.paused_until):
        audit.record(session, PUBLIC, "sign-in refused during a pause", _subject(staff), now)
        return None
    if system_alone and Role.SYSTEM not in {held.role for held in staff.roles}:
        audit.record(session, PUBLIC, "password sign-in refused", _subject(staff), now)
        return None
    # Another password was set between the check and the lock: what was checked counts no more.
    if not right or staff.password_hash != tried.password_hash:
        count_failure(session, staff, "password", now)
        return None
    token = open_half(session, staff, now, place)
    audit.record(session, _actor(staff), "password given", _subject(staff), now)
    return token


def open_half(
    session: Session, staff: Staff, now: datetime, place: str | None, *, by_sign_on: bool = False
) -> str:
    """A session that opens nothing but the next step; returns its token. The caller audits."""
    if staff.totp_confirmed_at is None:
        # New at each try until it is confirmed: whoever saw it before holds nothing.
        staff.totp_secret = second_factor.new_secret()
        staff.totp_last_step = None
    token = new_token()
    session.add(
        StaffSession(
            staff_id=staff.id,
            token_digest=token_digest(token),
            started_at=now,
            last_seen_at=now,
            place=place,
            by_sign_on=by_sign_on,
        )
    )
    return token


def set_first_password(session: Session, token: str, chosen_hash: str, now: datetime) -> bool:
    """Replace the one-time password by the person's own. False when the step is over."""
    held = _pending(session, token, now)
    if held is None or not held[1].must_set_password:
        return False
    _, staff = held
    staff.password_hash = chosen_hash
    staff.must_set_password = False
    audit.record(session, _actor(staff), "own password set", _subject(staff), now)
    return True


def code_tried(
    session: Session, token: str, typed: str, now: datetime, tell: Tell | None = None
) -> CodeTried:
    """Check the second factor; the first right code of a new secret confirms it. Where it was set
    up before, a recovery code does as well, once; `tell` then writes to the person.

    A right code opens the session under a new token, so that one planted in the browser before
    (fixation) opens nothing.
    """
    held = _pending(session, token, now)
    if held is None:
        return CodeTried(Tried.OVER)
    opened, staff = held
    if (staff.must_set_password and not opened.by_sign_on) or staff.totp_secret is None:
        return CodeTried(Tried.OVER)
    if rules.is_paused(now, staff.paused_until):
        opened.ended_at = now
        audit.record(session, _actor(staff), "code refused during a pause", _subject(staff), now)
        return CodeTried(Tried.OVER)
    first = staff.totp_confirmed_at is None
    given = _second_factor(session, staff, typed, now, tell)
    if given is None:
        if count_failure(session, staff, "code", now):
            opened.ended_at = now
            return CodeTried(Tried.OVER)
        return CodeTried(Tried.WRONG)
    if first:
        staff.totp_confirmed_at = now
    _succeeded(staff)
    token = new_token()
    opened.token_digest = token_digest(token)
    opened.passed_second_factor_at = opened.started_at = opened.last_seen_at = now
    action = "second factor set up, signed in" if first else _SIGNED_IN[given]
    audit.record(session, _actor(staff), action, _subject(staff), now)
    return CodeTried(Tried.RIGHT, token, given is Given.RECOVERY_CODE)


def reauthenticate(
    session: Session,
    member: StaffMember,
    tried: Credentials,
    right: bool,
    code: str,
    now: datetime,
    tell: Tell | None = None,
) -> bool:
    """Note password and code given again for something that matters (H1, F2). True if both fit.

    A recovery code does in place of the app's, once. Wrong ones count towards the pause like
    those at sign-in.
    """
    staff = _locked(session, member.id)
    opened = session.get(StaffSession, member.session_id, populate_existing=True)
    if staff is None or opened is None or opened.ended_at is not None:
        return False
    if rules.is_paused(now, staff.paused_until):
        audit.record(session, member.actor, "refused during a pause", _subject(staff), now)
        return False
    given = None
    if right and staff.password_hash == tried.password_hash:
        given = _second_factor(session, staff, code, now, tell)
    if given is None:
        count_failure(session, staff, "password or code given again", now)
        return False
    _succeeded(staff)
    opened.reauthenticated_at = opened.last_seen_at = now
    audit.record(session, member.actor, _GIVEN_AGAIN[given], _subject(staff), now)
    return True


def _second_factor(
    session: Session, staff: Staff, typed: str, now: datetime, tell: Tell | None
) -> Given | None:
    """What was given as the second factor, used up by it; None where it is wrong. Recovery codes
    count only for a factor that was confirmed."""
    if staff.totp_secret is None:
        return None
    step = second_factor.matching_step(staff.totp_secret, typed, now, staff.totp_last_step)
    if step is not None:
        staff.totp_last_step = step
        return Given.CODE
    if staff.totp_confirmed_at is None or not recovery.take(session, staff.id, typed, now):
        return None
    if tell is not None:
        tell(session, AccountEvent.RECOVERY_CODE_USED, [_reachable(staff)], now)
    return Given.RECOVERY_CODE


def renew_second_factor(
    session: Session, member: StaffMember, secret: str, typed: str, tell: Tell, now: datetime
) -> bool:
    """Take a new authenticator app in place of the present one; other browsers are signed out.

    `typed` is the new app's code for `secret`; False where it does not fit. The caller has asked
    for password and code just before.
    """
    staff = _locked(session, member.id)
    if staff is None:
        return False
    step = second_factor.matching_step(secret, typed, now, None)
    if step is None:
        return False
    staff.totp_secret, staff.totp_last_step, staff.totp_confirmed_at = secret, step, now
    ended = end_sessions(session, staff.id, now, but=member.session_id)
    tell(session, AccountEvent.SECOND_FACTOR_RENEWED, [_reachable(staff)], now)
    audit.record(
        session, member.actor, "second factor renewed", _subject(staff), now,
        {"sessions ended": ended},
    )  # fmt: skip
    return True


def change_password(
    session: Session,
    member: StaffMember,
    tried: Credentials,
    right: bool,
    chosen_hash: str,
    tell: Tell,
    now: datetime,
) -> bool:
    """Set a new password of one's own; every other browser is signed out, and the person is told
    by mail. False if the present password was wrong, which counts towards the pause."""
    staff = _locked(session, member.id)
    if staff is None:
        return False
    if rules.is_paused(now, staff.paused_until):
        audit.record(session, member.actor, "refused during a pause", _subject(staff), now)
        return False
    if not right or staff.password_hash != tried.password_hash:
        count_failure(session, staff, "present password", now)
        return False
    staff.password_hash = chosen_hash
    ended = end_sessions(session, staff.id, now, but=member.session_id)
    tell(session, AccountEvent.PASSWORD_CHANGED, [_reachable(staff)], now)
    audit.record(
        session, member.actor, "password changed", _subject(staff), now, {"sessions ended": ended}
    )
    return True


def _locked(session: Session, staff_id: int) -> Staff | None:
    """The person, held until the transaction ends: two tries at once are both counted."""
    return session.execute(
        select(Staff)
        .where(Staff.id == staff_id, Staff.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def _pending(session: Session, token: str, now: datetime) -> tuple[StaffSession, Staff] | None:
    opened = session.execute(
        select(StaffSession)
        .where(
            StaffSession.token_digest == token_digest(token),
            StaffSession.passed_second_factor_at.is_(None),
            StaffSession.ended_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if opened is None or now - opened.started_at > rules.IDLE:
        return None
    staff = _locked(session, opened.staff_id)
    return None if staff is None else (opened, staff)


def count_failure(session: Session, staff: Staff, what: str, now: datetime) -> bool:
    """Count a failure; returns whether the account is paused by it."""
    staff.failures += 1
    paused_until = rules.pause_until(staff.failures, now)
    if paused_until is not None:
        staff.paused_until = paused_until
        staff.failures = 0  # a new count after the pause
    audit.record(
        session,
        PUBLIC,
        "sign-in refused, account paused" if paused_until else "sign-in refused",
        _subject(staff),
        now,
        {"wrong": what},
    )
    return paused_until is not None


def _succeeded(staff: Staff) -> None:
    staff.failures = 0
    staff.paused_until = None


def _reachable(staff: Staff) -> Reachable:
    return Reachable(staff.id, staff.name, staff.email)


def _actor(staff: Staff) -> Actor:
    return Actor(ActorKind.STAFF, staff.id, staff.name)


def _subject(staff: Staff) -> Subject:
    return Subject("staff", str(staff.id))
