"""Ending a long command in order, and knowing of one that was not (H5)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.outbox.queries import held_since

# The audit's word that a restore came to its end; nothing else is written in its name.
RESTORED = "restored from a backup"
_TOLD_TO_STOP = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_in_order(said: str) -> Iterator[None]:
    """What is made for the time of a command goes with it also where it is told to stop, be it by
    a connection that was lost: `said` tells what then is left to do."""

    def stop(number: int, _frame: FrameType | None) -> None:
        click.echo(said, err=True)
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in _TOLD_TO_STOP}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_half_restored(session: Session) -> bool:
    """Whether the restore since which mail is held never came to its end: then nobody has counted
    what is there, and who was signed in still is."""
    since = held_since(session)
    if since is None:
        return False
    told = select(AuditEntry.id).where(AuditEntry.at >= since, AuditEntry.action == RESTORED)
    return session.execute(told.limit(1)).first() is None
