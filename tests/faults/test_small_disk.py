"""Web and worker on a disk that is full: every page says that nothing was saved, nothing
acknowledged is lost, the log says what to do, and all goes on by itself once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.audit.queries import verify_chain
from app.core.clock import london_date, now
from app.core.logging import DISK_FULL
from app.core.session import db, reading, transaction
from app.outbox import service
from app.reports.quality.near_misses.models import NearMiss
from tests.conftest import migrate
from tests.factories.mail import make_message
from tests.faults.desk import sign_in
from tests.faults.killing import Ground, ground_on
from tests.faults.processes import PATIENCE, Browser
from tests.page_form import form_of
from tests.postgresql import PrivatePostgres

MEGABYTES = {"sqlite": 32, "postgresql": 192}
PAGE = "/quality/near-misses/new"
MOST = 3000  # reports; far more than a page that was half empty takes
TOLD = "A letter went to the wrong desk. " * 60


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    if os.getuid() != 0:
        # `test_database_away.py` tells SQLite that its disk is full, whoever runs it.
        pytest.skip("mounting a small disk takes root: run bin/test as root")
    folder = Path(tempfile.mkdtemp(prefix="small-"))
    options = f"size={megabytes}m,mode=1777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Ground, Path]]:
    """The database on the small disk, whole; the log of the processes elsewhere."""
    with small_disk(MEGABYTES[request.param]) as disk:
        if request.param == "sqlite":
            with ground_on(f"sqlite:///{disk / 'desk.sqlite3'}", tmp_path) as made:
                yield made, disk
        else:
            server = PrivatePostgres(keeps_commits=True, where=disk)
            server.settings |= {"max_wal_size": "48MB", "min_wal_size": "32MB"}
            with server, ground_on(server.create("desk"), tmp_path) as made:
                yield made, disk


def fill(disk: Path) -> Path:
    """Take every byte that is left, as a log that grows does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(64 << 10))
    with ballast.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"0" * 512)
    return ballast


def report(browser: Browser, form: dict[str, str]) -> tuple[int, str]:
    """Send a near miss; the form was opened before, when there was room."""
    answer = browser.post(PAGE, form)
    return answer.status, answer.text


def kept(ground: Ground) -> int:
    with ground.app.app_context():
        number = reading().execute(select(func.count()).select_from(NearMiss)).scalar_one()
        db.session.remove()
    return number


def until(ground: Ground, words: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while words not in ground.processes.log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, ground.processes.log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.1)


def test_a_full_disk(ground: tuple[Ground, Path]) -> None:
    held, disk = ground
    migrate(held.app.extensions["settings"])
    with held.app.app_context():
        browser = sign_in(held.app, held.processes.port)
        with transaction() as session:
            service.enqueue(session, make_message("police@example.org"), now())
        if db.engine.dialect.name == "sqlite":
            reading().execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session.remove()
        db.engine.dispose()
    held.processes.start("web")
    held.processes.wait_for_web()
    day = london_date(now())
    said = {
        "kind": "wrong_recipient", "what": TOLD, "stopped": "They telephoned",
        "happened_on-day": day.day, "happened_on-month": day.month, "happened_on-year": day.year,
    }  # fmt: skip
    forms = [form_of(browser.get(PAGE).text, PAGE) | said for _ in range(3)]
    assert report(browser, forms[0])[0] == 303

    ballast, acknowledged = fill(disk), 1
    for _ in range(MOST):
        status, page = report(browser, forms[1])
        if status != 303:
            break
        acknowledged += 1
        forms[1] = form_of(browser.get(PAGE).text, PAGE) | said
    for _ in range(3):  # and it stays so, whoever tries
        assert status == 503, page
        assert "The service is not available" in page
        assert "Your change was not saved: either all of it is kept or none" in page
        assert TOLD.strip() in page  # going back would ask a server that is no better off
        status, page = report(browser, forms[2])
    assert kept(held) == acknowledged
    until(held, DISK_FULL)
    held.processes.start("worker")
    until(held, "job failed")
    log = held.processes.log.read_text(encoding="utf-8")
    assert "wrong desk" not in log
    failed = [line for line in log.splitlines() if "job failed" in line]
    assert any(DISK_FULL in line for line in failed), failed

    ballast.unlink()
    assert (
        report(browser, forms[2])[0] == 303
    )  # the very form that was refused, in the same processes
    deadline = time.monotonic() + PATIENCE
    while not held.mailbox.received and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [process.poll() for process in held.processes.running.values()] == [None, None]
    assert [held.processes.stop(name) for name in ("web", "worker")] == [0, 0]
    # PostgreSQL may have had room in a page for the one letter; it is one all the same.
    assert len({one.message["Message-ID"] for one in held.mailbox.received}) == 1
    assert kept(held) == acknowledged + 1
    with held.app.app_context():
        assert list(verify_chain(reading())) == []
        if db.engine.dialect.name == "sqlite":
            assert reading().execute(text("PRAGMA integrity_check")).scalar() == "ok"
        db.session.remove()
