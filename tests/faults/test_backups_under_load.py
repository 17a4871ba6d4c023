"""Backups taken while people write restore to one moment: a state with its audit and its mail,
never a half (H4, H5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.audit.queries import verify_chain
from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.cli.backups.looking import engine_for
from app.cli.backups.restoring import opened, restore_into, throw_away
from app.cli.backups.taking import take
from app.core.clock import now
from app.core.session import db, transaction
from app.outbox import service
from app.outbox.models import OutboxMessage
from app.referrals.models import Child
from tests.factories.mail import make_message
from tests.factories.referrals import make_child

WRITERS = 2
WRITTEN = "written under load"


class Writers:
    """People who each write a child, its audit row and two letters, over and over."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.committed = 0
        self.failed: list[Exception] = []
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _write(self) -> None:
        while not self._stopping.is_set():
            try:
                with self.app.app_context(), transaction() as session:
                    child = make_child(session)
                    service.enqueue_all(session, [make_message(), make_message()], now())
                    record(session, SYSTEM, WRITTEN, Subject("child", child.ref), now())
            except Exception as error:  # shown by the test: a thread has nobody to tell
                self.failed.append(error)
                return
            with self._lock:
                self.committed += 1


def test_backups_under_load_restore_to_one_moment(app: Flask, tmp_path: Path) -> None:
    _take_and_restore(app, tmp_path, 2)


@pytest.mark.long
def test_ten_backups_under_load(app: Flask, tmp_path: Path) -> None:
    _take_and_restore(app, tmp_path, 10)


def _take_and_restore(app: Flask, tmp_path: Path, backups: int) -> None:
    settings = app.extensions["settings"]
    with app.app_context():
        url = db.engine.url
        with transaction() as session:  # the chain has a beginning, as wherever somebody signs in
            record(session, SYSTEM, "begun", Subject("test", "load"), now())
    seen: list[tuple[Path, int, int]] = []
    with Writers(app) as writers:
        for number in range(backups):
            _until(lambda: writers.committed >= 10 * (1 + len(seen)) or bool(writers.failed))
            before = writers.committed
            file = tmp_path / f"{number}.backup"
            take(settings, url, file, now())
            # Each writer may have committed one more than it has counted.
            seen.append((file, before, writers.committed + WRITERS))
    assert writers.failed == []
    for file, least, most in seen:
        with (
            opened(file, settings.field_keys) as (manifest, folder),
            throw_away(url, tmp_path) as empty,
        ):
            restore_into(empty, manifest, folder, now())
            with engine_for(empty) as engine, Session(engine) as session:
                children, letters, rows = (
                    session.execute(statement).scalar_one()
                    for statement in (
                        select(func.count()).select_from(Child),
                        select(func.count()).select_from(OutboxMessage),
                        select(func.count()).where(AuditEntry.action == WRITTEN),
                    )
                )
                assert list(verify_chain(session)) == []
        (tmp_path / "drill.sqlite3").unlink(missing_ok=True)
        assert (letters, rows) == (2 * children, children)
        assert least <= children <= most


def _until(happened: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(6000):
        if happened():
            return
        waiting.wait(0.01)
    raise AssertionError("nothing was written any more")
