"""Permissions by role, idle time, lock-out: pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from app.accounts.types import Permission, Role, WhyOver

IDLE = timedelta(minutes=15)  # H1
LONGEST_SESSION = timedelta(hours=12)
REAUTHENTICATION = timedelta(minutes=5)
TRIES_BEFORE_PAUSE = 5
PAUSE = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
TOUCH_EVERY = timedelta(minutes=1)

_CASE_ROLES = frozenset(
    {Role.ADMINISTRATOR, Role.CHAIR, Role.TRIAGE, Role.SOCIAL_WORKER, Role.OUT_OF_HOURS}
)
_ALL = frozenset(Role)
_DECIDERS = frozenset({Role.CHAIR, Role.OUT_OF_HOURS})

ALLOWED: dict[Permission, frozenset[Role]] = {
    Permission.SIGNED_IN: _ALL,
    Permission.REFERRAL_SEE: _CASE_ROLES,
    Permission.REFERRAL_ENTER: _CASE_ROLES,
    Permission.REFERRAL_RATE: frozenset({Role.TRIAGE, Role.CHAIR, Role.OUT_OF_HOURS}),
    Permission.REFERRAL_DECIDE: frozenset({Role.TRIAGE, Role.CHAIR, Role.OUT_OF_HOURS}),
    # IMAP 5: used by those who go through the list, and shared with nobody outside it.
    Permission.LIST_WORK: frozenset(
        {Role.ADMINISTRATOR, Role.CHAIR, Role.TRIAGE, Role.OUT_OF_HOURS}
    ),
    # Business support holds the checks and letters together (HO2014 Nottinghamshire).
    Permission.REFERRAL_ASK: frozenset(
        {Role.ADMINISTRATOR, Role.TRIAGE, Role.CHAIR, Role.OUT_OF_HOURS}
    ),
    Permission.REFERRAL_LETTER: frozenset(
        {Role.ADMINISTRATOR, Role.TRIAGE, Role.CHAIR, Role.OUT_OF_HOURS}
    ),
    # BROMLEY 1: the manager identifies the need; at night the out-of-hours worker does.
    Permission.DISCUSSION_NEED: _DECIDERS,
    Permission.DISCUSSION_START: _DECIDERS,
    Permission.DISCUSSION_SEE: _CASE_ROLES,
    Permission.DISCUSSION_BOOK: frozenset({Role.ADMINISTRATOR, Role.CHAIR, Role.OUT_OF_HOURS}),
    Permission.DISCUSSION_WRITE: frozenset({Role.CHAIR, Role.SOCIAL_WORKER, Role.OUT_OF_HOURS}),
    # Whoever carries the case on, and the desk that keeps its dates (BROMLEY 1, 2).
    Permission.AFTER_FOLLOW: frozenset(
        {Role.ADMINISTRATOR, Role.CHAIR, Role.SOCIAL_WORKER, Role.OUT_OF_HOURS}
    ),
    Permission.CASE_CLOSE: frozenset({Role.CHAIR}),
    Permission.CASE_RESTRICT: frozenset({Role.CHAIR}),
    # The system administrator sees no case but by this, and then reads alone (see below).
    Permission.GLASS_BREAK: _CASE_ROLES | {Role.SYSTEM},
    # By somebody else than who opened it: where there is one chair, the system administrator.
    Permission.GLASS_REVIEW: frozenset({Role.CHAIR, Role.SYSTEM}),
    Permission.RECORD_SIGN: frozenset({Role.CHAIR}),
    Permission.RECORD_SEE: _CASE_ROLES,
    Permission.RECORD_CIRCULATE: frozenset({Role.ADMINISTRATOR, Role.CHAIR}),
    Permission.RECORD_VERIFY: _ALL,
    Permission.DELIVERY_SEE: frozenset({Role.ADMINISTRATOR, Role.CHAIR, Role.OUT_OF_HOURS}),
    Permission.MAIL_SEE: frozenset({Role.ADMINISTRATOR, Role.CHAIR, Role.OUT_OF_HOURS}),
    # Who books keeps the people; agencies, lines and the council's settings are both's.
    Permission.DIRECTORY_EDIT: frozenset({Role.ADMINISTRATOR, Role.SYSTEM}),
    Permission.PROTOCOL_SEE: _ALL,
    # A display shows no name, so that whoever looks after the screens may make one (G2).
    Permission.WALL_MANAGE: frozenset({Role.ADMINISTRATOR, Role.CHAIR, Role.SYSTEM}),
    # Totals alone. Who may see cases sees them as they are, the analyst as they may be published.
    Permission.DATASET_SEE: frozenset({Role.ANALYST, Role.CHAIR}),
    # Children's references and dates of birth: those who look after the cases, not the analyst.
    Permission.RETURN_MAKE: frozenset({Role.ADMINISTRATOR, Role.CHAIR}),
    # The system administrator looks after the installation and sees no case (H2).
    Permission.STAFF_MANAGE: frozenset({Role.SYSTEM}),
    Permission.AUDIT_SEE: frozenset({Role.SYSTEM}),
    # No name stands in these figures (IMAP 8, 11).
    Permission.QUALITY_SEE: frozenset({Role.CHAIR, Role.TRIAGE, Role.ANALYST}),
    Permission.CASE_AUDIT: frozenset({Role.CHAIR, Role.TRIAGE}),
    # The system administrator reviews what the installation did, and reads of no case (H2).
    Permission.NEAR_MISS_REVIEW: frozenset({Role.CHAIR, Role.SYSTEM}),
}


# What a case says: read behind broken glass by who has no other part in it, and nothing changed.
READ_BEHIND_GLASS = frozenset(
    {Permission.REFERRAL_SEE, Permission.DISCUSSION_SEE, Permission.RECORD_SEE}
)


def may(roles: Collection[Role], permission: Permission) -> bool:
    """Whether somebody with these roles may do this."""
    return not ALLOWED[permission].isdisjoint(roles)


def may_behind_glass(roles: Collection[Role], permission: Permission) -> bool:
    """Whether these roles may do this with a case that they opened with a reason, and not
    otherwise (H2)."""
    return (
        permission in READ_BEHIND_GLASS
        and may(roles, Permission.GLASS_BREAK)
        and not may(roles, permission)
    )


def is_over(
    now: datetime, *, started: datetime, last_seen: datetime, ended: datetime | None
) -> bool:
    """Whether a session has ended, was left idle for 15 minutes, or has run for 12 hours (H1)."""
    return why_over(now, started=started, last_seen=last_seen, ended=ended) is not None


def why_over(
    now: datetime, *, started: datetime, last_seen: datetime, ended: datetime | None
) -> WhyOver | None:
    """Why a session is over, for the words on the sign-in page; None while it lasts (H1)."""
    if ended is not None:
        return WhyOver.ENDED
    if now - started > LONGEST_SESSION:
        return WhyOver.LONG
    return WhyOver.IDLE if now - last_seen > IDLE else None


def needs_touch(now: datetime, last_seen: datetime) -> bool:
    """Whether activity should be written down: at most once a minute."""
    return now - last_seen >= TOUCH_EVERY


def is_paused(now: datetime, paused_until: datetime | None) -> bool:
    """Whether the account takes no password or code at the moment."""
    return paused_until is not None and now < paused_until


def is_fresh(now: datetime, reauthenticated: datetime | None) -> bool:
    """Whether the password and code were given within the last five minutes (H1)."""
    return reauthenticated is not None and now - reauthenticated <= REAUTHENTICATION


def pause_until(failures: int, now: datetime) -> datetime | None:
    """After five wrong passwords or codes in a row the account pauses for 15 minutes."""
    return now + PAUSE if failures >= TRIES_BEFORE_PAUSE else None


def password_problem(password: str, email: str, name: str) -> str | None:
    """Why a password will not do, in words that say what to do, or None."""
    if len(password) < SHORTEST_PASSWORD:
        return f"Choose a password of {SHORTEST_PASSWORD} characters or more"
    lowered = password.lower()
    parts = [email.split("@")[0].lower(), *name.lower().split()]
    if any(len(part) > 2 and part in lowered for part in parts):
        return "Choose a password without your name or email address in it"
    if len(set(lowered)) < 6:
        return "Choose a password with more different characters"
    return None
