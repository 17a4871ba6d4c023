"""What an operator watches, for a collector: figures, never a name or a reference (I2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.queries import oldest_unchained
from app.core.installation import worker_seen
from app.core.measuring import Measure
from app.meetings.received.queries import not_read
from app.outbox import queries as outbox
from app.reports.duties.queries import last_backup
from app.reports.queries import cut, work
from app.reports.types import WorkKind

# Work with a clock of its own: what is late here is a child that waits. A discussion that did not
# begin at its time, or is booked for later than it must be held now, is not among those to book.
CLOCKED = (
    WorkKind.AT_RISK, WorkKind.TAKE_IN, WorkKind.DECIDE_NOW, WorkKind.DECIDE, WorkKind.ABUSE,
    WorkKind.BOOK, WorkKind.NOT_BEGUN, WorkKind.SOONER, WorkKind.BOOKED_LATE,
    WorkKind.SIGN, WorkKind.CIRCULATE,
)  # fmt: skip
NEVER = float("inf")


def measures(session: Session, now: datetime) -> Iterator[Measure]:
    """Ages in seconds, 0 where nothing waits; overdue work by kind, cut as the first page is."""
    waits, unbound, seen = (
        outbox.oldest_waiting(session),
        oldest_unchained(session),
        worker_seen(session),
    )
    yield Measure("oldest_mail_seconds", "Age of the oldest letter not sent", _age(waits, now))
    yield Measure(
        "mail_held", "1 while no mail leaves after a restore",
        float(outbox.held_since(session) is not None),
    )  # fmt: skip
    yield Measure("mail_failed", "Letters that failed, seen to by nobody (50 at most)",
                  float(len(outbox.failures(session))))  # fmt: skip
    unread = not_read(session, now)
    yield Measure(
        "mailbox_not_read_seconds", "Time since the mailbox could be read, 0 while it can",
        _age(unread.since if unread else None, now),
    )  # fmt: skip
    yield Measure(
        "unchained_views_seconds", "Age of the oldest view not in the chain", _age(unbound, now)
    )
    yield Measure(
        "worker_seen_seconds", "Time since a worker went round",
        NEVER if seen is None else _age(seen, now),
    )  # fmt: skip
    backup = last_backup(session)
    yield Measure(
        "backup_seconds", "Time since a backup was taken",
        NEVER if backup is None else _age(backup.at, now),
    )  # fmt: skip
    yield Measure(
        "backup_problems", "What the last backup found in database and audit that is not whole",
        float(backup.problems if backup else 0),
    )  # fmt: skip
    late = Counter(
        row.kind
        for row in cut(work(session, CLOCKED, now, now, None))[0]
        if row.due_at and row.due_at < now
    )
    for kind in CLOCKED:
        yield Measure("work_overdue", "Work past its time", float(late[kind]), {"kind": kind.value})


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
