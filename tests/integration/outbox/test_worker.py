"""The worker: runs each job, survives a failing one, stops when told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from app.audit.service import viewed
from app.audit.types import SYSTEM, Subject
from app.cli.worker import JOBS, Job, run_until, worker
from app.core.clock import now
from app.core.session import reading, transaction
from app.outbox import service
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.conftest import FIELD_KEY
from tests.factories.mail import make_message

ROOT = Path(__file__).resolve().parents[3]


def test_once_delivers_what_is_due_and_chains_the_views(app):
    with app.app_context(), transaction() as session:
        service.enqueue_all(session, [make_message() for _ in range(120)], FRIDAY)
        viewed(session, SYSTEM, "page", Subject("test", "1"), FRIDAY)
    # Times in the past of the real clock are given up, so this queue is fresh.
    with app.app_context(), transaction() as session:
        for row in session.query(OutboxMessage):
            row.queued_at = row.next_try_at = now()
    result = app.test_cli_runner().invoke(worker, ["--once"])
    assert result.exit_code == 0, result.output
    assert len(list((app.extensions["settings"].data_dir / "mail").glob("*.eml"))) == 120
    with app.app_context():
        states = {row.state for row in reading().query(OutboxMessage)}
        assert states == {MessageState.SENT}


def test_a_failing_job_holds_no_other_up_and_is_tried_again(app, monkeypatch):
    ran: list[str] = []
    stopping = threading.Event()

    def fails(*_: object) -> int:
        ran.append("fails")
        raise RuntimeError("something is broken")

    def works(*_: object) -> int:
        ran.append("works")
        if ran.count("fails") >= 2 and ran.count("works") >= 3:
            stopping.set()
        return 0

    run_until(
        app,
        app.extensions["settings"],
        [Job("fails", 0.01, fails), Job("works", 0.01, works)],
        stopping,
    )
    assert ran.count("fails") >= 2
    assert ran.count("works") >= 3


def test_what_failed_is_logged_without_anything_from_the_mail(app, capsys):
    stopping = threading.Event()

    def fails(*_: object) -> int:
        stopping.set()
        raise RuntimeError("the reason")

    run_until(app, app.extensions["settings"], [Job("mail", 0.01, fails)], stopping)
    assert "job failed" in capsys.readouterr().err


def test_the_jobs_every_installation_runs():
    assert {job.name for job in JOBS} >= {"mail", "audit views"}
    # What only forgets, or is done once a day, may wait; somebody waits for everything else.
    may_wait = {
        "mail kept long enough", "kept forms", "unfinished forms", "archive", "searches",
        "audit head sent out", "cases that a hold keeps since",
    }  # fmt: skip
    assert {job.name for job in JOBS if job.every > 60} == may_wait


def test_stops_cleanly_on_sigterm(app, engine_name, database_url, tmp_path):
    with app.app_context():
        pass
    environment = os.environ | {
        "EXAMPLE_AREA": "1",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": database_url,
        "FIELD_KEYS": FIELD_KEY,
        "SECRET_KEY": "k" * 40,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "worker"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines.append(process.stderr.readline())
        if "worker started" in lines[-1] or not lines[-1]:
            break
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(30) == 0, [*lines, rest]
    assert "worker stopped" in rest
    assert "Traceback" not in rest
