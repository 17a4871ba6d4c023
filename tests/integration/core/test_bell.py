"""Whoever queues mail wakes the worker, once it is committed; nothing rests on the bell."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from app.cli.worker import Job, run_until
from app.core.bell import FILE, Bell, ring
from app.core.session import transaction
from app.outbox import service
from tests.clock import FRIDAY
from tests.factories.mail import make_message


def test_queued_mail_rings_after_the_commit(in_app):
    with Bell(in_app.extensions["settings"].data_dir) as bell:
        with transaction() as session:
            service.enqueue(session, make_message(), FRIDAY)
            assert not bell.heard(0)
        assert bell.heard(0)
        assert not bell.heard(0)


def test_what_was_rolled_back_rings_neither_then_nor_later(in_app):
    with Bell(in_app.extensions["settings"].data_dir) as bell:
        with pytest.raises(RuntimeError), transaction() as session:
            service.enqueue(session, make_message(), FRIDAY)
            raise RuntimeError("it did not happen")
        with transaction():
            pass
        assert not bell.heard(0)


def test_nobody_need_listen(tmp_path: Path):
    ring(tmp_path)  # no worker was ever started here
    with Bell(tmp_path):
        pass
    ring(tmp_path)  # it has ended
    with Bell(tmp_path) as bell:
        assert not bell.heard(0)


def test_many_rings_are_one_and_never_block(tmp_path: Path):
    with Bell(tmp_path) as bell:
        for _ in range(70_000):
            ring(tmp_path)
        while bell.heard(0):
            continue
        ring(tmp_path)
        assert bell.heard(0)


def test_a_file_of_that_name_is_not_written_to(tmp_path: Path):
    (tmp_path / FILE).write_text("kept", encoding="utf-8")
    ring(tmp_path)
    assert (tmp_path / FILE).read_text(encoding="utf-8") == "kept"
    with Bell(tmp_path) as bell:
        ring(tmp_path)
        assert bell.heard(0)


def test_a_worker_that_waits_runs_at_once_what_rings(in_app):
    settings, stopping = in_app.extensions["settings"], threading.Event()
    ran: list[str] = []

    def mail(*_: object) -> int:
        ran.append("mail")
        if len(ran) > 1:
            stopping.set()
        return 0

    def other(*_: object) -> int:
        ran.append("other")
        return 0

    jobs = [Job("mail", 30.0, mail, rings=True), Job("other", 30.0, other)]
    waiting = threading.Thread(target=run_until, args=(in_app, settings, jobs, stopping))
    started = time.monotonic()
    waiting.start()
    while ran.count("mail") < 2 and time.monotonic() < started + 20:
        if "other" in ran:
            ring(settings.data_dir)
        time.sleep(0.01)
    waiting.join(5)
    assert not waiting.is_alive()
    assert ran == ["mail", "other", "mail"]


def test_a_failing_job_keeps_its_pause(in_app):
    settings, stopping = in_app.extensions["settings"], threading.Event()
    tries: list[float] = []

    def fails(*_: object) -> int:
        tries.append(time.monotonic())
        raise RuntimeError("something is broken")

    job = Job("mail", 30.0, fails, rings=True)
    waiting = threading.Thread(target=run_until, args=(in_app, settings, [job], stopping))
    waiting.start()
    for _ in range(20):
        ring(settings.data_dir)
        time.sleep(0.01)
    stopping.set()
    ring(settings.data_dir)
    waiting.join(5)
    assert not waiting.is_alive()
    assert len(tries) == 1
