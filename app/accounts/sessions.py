"""Staying signed in, and ending sessions (H1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from app.accounts.models import StaffSession
from app.accounts.types import StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.refusal import Refused


def touch(session: Session, session_id: int, now: datetime) -> None:
    """Note activity. Not audited: it changes nothing but how long the session lasts."""
    session.execute(
        update(StaffSession)
        .where(
            StaffSession.id == session_id,
            StaffSession.ended_at.is_(None),
            StaffSession.last_seen_at < now,
        )
        .values(last_seen_at=now)
        .execution_options(synchronize_session=False)
    )


def sign_out(session: Session, member: StaffMember, now: datetime) -> None:
    """End the session of this browser."""
    _end(session, now, StaffSession.id == member.session_id)
    audit.record(session, member.actor, "signed out", _subject(member), now)


def end_own_session(session: Session, member: StaffMember, session_id: int, now: datetime) -> None:
    """End another browser's session of one's own.

    Raises Refused when it is not one's own or is over already.
    """
    opened = session.get(StaffSession, session_id, populate_existing=True)
    if opened is None or opened.staff_id != member.id or opened.ended_at is not None:
        raise Refused("session", "That session had ended already. Nothing was changed.")
    _end(session, now, StaffSession.id == session_id)
    audit.record(session, member.actor, "own session ended", _subject(member), now)


def end_other_sessions(session: Session, member: StaffMember, now: datetime) -> int:
    """End every other browser's session of one's own; returns how many there were."""
    ended = end_sessions(session, member.id, now, but=member.session_id)
    audit.record(
        session, member.actor, "own other sessions ended", _subject(member), now,
        {"sessions ended": ended},
    )  # fmt: skip
    return ended


def end_sessions(session: Session, staff_id: int, now: datetime, *, but: int | None = None) -> int:
    """End somebody's sessions, half-open ones too; returns how many. The caller audits why."""
    return _end(
        session, now, StaffSession.staff_id == staff_id, StaffSession.id.is_distinct_from(but)
    )


def end_all_sessions(session: Session, now: datetime, *, but: int | None = None) -> int:
    """End everybody's sessions, half-open ones too; returns how many. The caller audits why."""
    return _end(session, now, StaffSession.id.is_distinct_from(but))


def _end(session: Session, now: datetime, *which: ColumnElement[bool]) -> int:
    done = session.execute(
        update(StaffSession)
        .where(StaffSession.ended_at.is_(None), *which)
        .values(ended_at=now)
        .returning(StaffSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def _subject(member: StaffMember) -> Subject:
    return Subject("staff", str(member.id))
