"""The one row that says what this installation is, and the keys that belong to its rows."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.core.models import Installation, WorkerSeen

_ROW = select(Installation).where(Installation.id == 1)
_SEEN = select(WorkerSeen.at).order_by(WorkerSeen.at.desc()).limit(1)
# Several workers of one machine may go round at once; both databases know this form.
_SEE = text(
    "INSERT INTO worker_seen (host, at) VALUES (:host, :at) "
    "ON CONFLICT (host) DO UPDATE SET at = excluded.at"
).bindparams(bindparam("at", type_=UTCDateTime()))
_FORGOTTEN = timedelta(days=1)


class NotInstalled(RuntimeError):
    """The database has no installation row yet."""


def installation(session: Session) -> Installation:
    """The installation. Raises NotInstalled before `flask install` or the first start."""
    row = session.get(Installation, 1)
    if row is None:
        raise NotInstalled("The database is empty: run `flask install` once.")
    # The session forgets rows that nobody holds, and its keys are asked for several times.
    session.info["installation"] = row
    return row


def is_example(session: Session) -> bool | None:
    """Whether the database was filled as an example area; None when it is still empty."""
    row = session.execute(_ROW).scalar_one_or_none()
    return None if row is None else row.example


def install(session: Session, example: bool, now: datetime) -> Installation:
    """Write the row, with fresh keys, unless it is there."""
    row = session.get(Installation, 1)
    if row is None:
        row = Installation(
            id=1,
            example=example,
            created_at=now,
            index_key=secrets.token_hex(32),
            audit_key=secrets.token_hex(32),
        )
        session.add(row)
        session.flush()
    return row


def note_worker(session: Session, host: str, now: datetime) -> None:
    """The worker of this machine goes round; machines not seen for a day are forgotten."""
    session.execute(delete(WorkerSeen).where(WorkerSeen.at < now - _FORGOTTEN))
    session.execute(_SEE, {"host": host, "at": now})


def worker_seen(session: Session) -> datetime | None:
    """When any worker last went round; None where none ever did."""
    return session.execute(_SEEN).scalar()


def index_key(session: Session) -> bytes:
    """The key of look-up digests for names and codes."""
    return bytes.fromhex(installation(session).index_key)


def audit_key(session: Session) -> bytes:
    """The key that seals the head of the audit."""
    return bytes.fromhex(installation(session).audit_key)
