"""`flask worker`: everything that happens by itself. Mail, the audit's views, and what upper floors
add to JOBS."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.accounts.kept.service import forget_overdue
from app.anchoring.worker import send_head
from app.audit.service import chain_views
from app.cli.checked import checked
from app.core.bell import Bell, ring
from app.core.clock import now
from app.core.config import SETTINGS, Settings
from app.core.installation import note_worker
from app.core.session import transaction
from app.meetings.actions.worker import remind_owners
from app.meetings.early_notice.worker import tell_early
from app.meetings.escalation.worker import warn_late
from app.meetings.received import worker as received
from app.meetings.reminders.worker import remind_due
from app.outbox.delivery import deliver_due
from app.outbox.transport import transport_for
from app.records import worker as records
from app.referrals.checks import worker as checks
from app.referrals.public.service import delete_abandoned
from app.reports.dataset.worker import work_out
from app.reports.quality.feedback.worker import ask_for_feedback
from app.reports.search.service import forget as forget_searches
from app.retention.worker import archive, hold_newcomers, reopen_for_work

log = structlog.get_logger()
LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """Run again `every` seconds after it ended. `run` opens its own transactions and returns how
    much it did; at once again while that is more than nothing. `rings`: whoever queues work for it
    rings the bell, and it runs at once."""

    name: str
    every: float
    run: Callable[[Settings, datetime], int]
    rings: bool = False


def _chain_views(settings: Settings, moment: datetime) -> int:
    with transaction() as session:
        return chain_views(session, moment)


def _forget_kept_forms(_settings: Settings, moment: datetime) -> int:
    with transaction() as session:
        return forget_overdue(session, moment)


def _forget_searches(_settings: Settings, moment: datetime) -> int:
    with transaction() as session:
        return forget_searches(session, moment)


def _delete_abandoned(_settings: Settings, moment: datetime) -> int:
    with transaction() as session:
        return delete_abandoned(session, moment)


def _note_worker(_settings: Settings, moment: datetime) -> int:
    with transaction() as session:
        note_worker(session, socket.gethostname(), moment)
    return 0


# Chained twice a minute, so that a view is bound within a minute (H3).
JOBS: list[Job] = [
    Job("mail", 1.0, deliver_due, rings=True),
    Job("seen", 60.0, _note_worker),
    Job("mailbox", 20.0, received.read_mailbox),
    Job("mail kept long enough", 3600.0, received.forget),
    Job("reminders", 60.0, remind_due),
    Job("actions", 60.0, remind_owners),
    Job("audit head sent out", 600.0, send_head),
    Job("audit views", 30.0, _chain_views),
    Job("kept forms", 600.0, _forget_kept_forms),
    Job("feedback", 60.0, ask_for_feedback),
    Job("searches", 600.0, _forget_searches),
    Job("unfinished forms", 600.0, _delete_abandoned),
    Job("agencies reminded", 30.0, checks.remind_agencies),
    Job("record copies", 2.0, records.make_copies),
    Job("council's copies", 10.0, records.make_council_copies),
    Job("record readers reminded", 60.0, records.remind_readers),
    Job("records due", 60.0, records.warn),
    Job("archive", 3600.0, archive),
    Job("closed cases opened again", 60.0, reopen_for_work),
    Job("cases that a hold keeps since", 600.0, hold_newcomers),
    Job("records circulated", 10.0, records.note_circulated),
    Job("disagreements", 60.0, warn_late),
    Job("early notices", 10.0, tell_early),
    Job("dataset", 10.0, work_out),
]


@dataclass(slots=True)
class _Turn:
    job: Job
    due: float = 0.0
    failures: int = field(default=0)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@with_appcontext
def worker(once: bool) -> None:
    """Deliver mail and do what is due, until stopped."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
    settings = SETTINGS.of(app)
    checked(app)
    if once:
        transport_for(settings)  # an unsafe mail server is said at once, not at the first letter
        for job in JOBS:
            while _run(app, settings, _Turn(job)):
                continue
        return
    work(app)


def work(app: Flask) -> None:
    """Run every job when it is due, until this process is told to stop."""
    settings = SETTINGS.of(app)
    transport_for(settings)  # an unsafe mail server is said at once, not at the first letter
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        ring(settings.data_dir)  # it may be waiting

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("worker started", jobs=[job.name for job in JOBS])
    run_until(app, settings, JOBS, stopping)
    log.info("worker stopped")


def run_until(app: Flask, settings: Settings, jobs: list[Job], stopping: threading.Event) -> None:
    """Run each job when it is due, until `stopping` is set. A job that fails is logged and tried
    again after a pause; it never ends the loop and never holds the others up."""
    turns = [_Turn(job) for job in jobs]
    with Bell(settings.data_dir) as bell:
        while not stopping.is_set():
            for turn in turns:
                if stopping.is_set():
                    return
                if time.monotonic() >= turn.due:
                    did = _run(app, settings, turn)
                    turn.due = time.monotonic() + (0 if did else _pause(turn))
            nearest = min(turn.due for turn in turns)
            if bell.heard(max(0.0, nearest - time.monotonic())):
                _call(turns)


def _call(turns: list[_Turn]) -> None:
    """The bell rang. A job that fails keeps its pause, or every letter would try it again."""
    for turn in turns:
        if turn.job.rings and not turn.failures:
            turn.due = 0.0


def _run(app: Flask, settings: Settings, turn: _Turn) -> int:
    try:
        with app.app_context():
            did = turn.job.run(settings, now())
    except Exception as error:
        # Any fault: the mail must not stop because something else is broken.
        turn.failures += 1
        log.error("job failed", job=turn.job.name, failures=turn.failures, exc_info=error)
        return 0
    turn.failures = 0
    return did


def _pause(turn: _Turn) -> float:
    return min(turn.job.every * 2.0 ** min(turn.failures, 10), max(turn.job.every, LONGEST_PAUSE))
