"""Fifty people at once for two minutes, on one PostgreSQL that keeps what it acknowledges, with the
web processes that the unit of production starts and three workers.

Most read and think for some seconds between two pages, as people do, and now and then send a form;
a discussion is booked each second by four administrators, with nine letters each, which three
workers share; the mail server takes its time. Afterwards everything is looked through, row by row
and letter by letter: no error, no deadlock, no booking half made, no letter lost or sent twice, the
audit whole. Target: 95 of 100 answers within three times what one person alone waits.

LOAD_PEOPLE and LOAD_SECONDS ask for less or more.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, text

from app import create_app
from app.audit.queries import verify_chain
from app.core.session import db, reading, transaction
from app.meetings.models import Delivery
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from bench.serving import ROOT, as_in_use, free_port
from bench.wrong import WentWrong
from tests.conftest import FIELD_KEY, migrate, settings_for
from tests.faults.desk import Booking, Council, Desk, make_council, make_discussion, sign_in
from tests.faults.processes import Browser, NoAnswer
from tests.faults.whole import by_message_id, half_bookings, lost_or_strange_mail
from tests.page_form import form_of
from tests.postgresql import PrivatePostgres
from tests.smtp import MailServer, mail_server

PEOPLE, SECONDS, IDLE_PAGES, IDLE_BOOKINGS = 50, 120, 150, 12
WORKERS, ADMINISTRATORS = 3, 4
THINKS = (4.0, 10.0)  # seconds between two pages of one person
TARGET = 3.0
PATIENCE = 300.0


def run() -> Iterator[str]:
    """Raises WentWrong, after the figures."""
    people = int(os.environ.get("LOAD_PEOPLE", PEOPLE))
    seconds = int(os.environ.get("LOAD_SECONDS", SECONDS))
    with (
        tempfile.TemporaryDirectory() as name,
        PrivatePostgres(as_in_use=True) as server,
        mail_server() as mailbox,
    ):
        mailbox.hang = 0.02  # as slow as mail servers are
        folder, url = Path(name), server.create("load")
        settings = settings_for(folder, url, smtp_url=mailbox.url)
        migrate(settings)
        app = create_app(settings)
        environment = {
            "EXAMPLE_AREA": "1",
            "DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "SECRET_KEY": settings.secret_key,
            "FIELD_KEYS": FIELD_KEY,
            "SMTP_URL": mailbox.url,
        }
        try:
            yield from _measured(app, folder / "log", environment, mailbox, people, seconds)
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


def _measured(
    app: Flask,
    log: Path,
    environment: dict[str, str],
    mailbox: MailServer,
    people: int,
    seconds: int,
) -> Iterator[str]:
    with app.app_context(), transaction() as session:
        council = make_council(session, pins=seconds + IDLE_BOOKINGS)
    with _serving(log, environment) as port:
        desk = Desk([sign_in(app, port) for _ in range(ADMINISTRATORS)])
        desk.up.set()
        desk.start()
        paths = ["/", "/referrals/", "/deliveries", "/actions"]
        # One after the other, on processes that have loaded what their first pages need.
        for _ in range(IDLE_BOOKINGS):
            paths.append(f"/discussions/{_give(app, desk, council)}")
            _until(lambda: desk.acknowledged == len(desk.bookings), desk)
        readers = [_Reader(sign_in(app, port), paths) for _ in range(people)]
        readers[0].read((0, 0), most=IDLE_PAGES)
        readers[0].start_anew()
        readers[0].read((0, 0), most=IDLE_PAGES)
        alone = readers[0].start_anew()
        booked_alone = list(desk.took)[-IDLE_BOOKINGS // 2 :]
        desk.took.clear()
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=one.read, args=(THINKS, until)) for one in readers]
        for thread in threads:
            thread.start()
        while time.monotonic() < until:
            began = time.monotonic()
            paths.append(f"/discussions/{_give(app, desk, council)}")
            time.sleep(max(0.0, began + 1 - time.monotonic()))
        for thread in threads:
            thread.join()
        desk.stop()
        _until(lambda: _nothing_left(app), desk)
    together = [one for reader in readers for one in reader.taken]
    errors = Counter(status for reader in readers for status in reader.statuses
                     if status not in (200, 204, 303))  # fmt: skip
    yield f"{' '.join(as_in_use(port))}; {WORKERS} workers"
    yield f"{people} people, {seconds} s: {len(together)} answers, errors: {dict(errors) or 'none'}"
    yield (
        f"95 of 100 answers within {_p95(together) * 1000:.0f} ms, alone "
        f"{_p95(alone) * 1000:.0f} ms: {_p95(together) / _p95(alone):.1f} times "
        f"(target {TARGET:.0f})"
    )
    yield (
        f"{desk.acknowledged} booked, 95 of 100 within {_p95(desk.took) * 1000:.0f} ms: "
        f"{_p95(desk.took) / _p95(booked_alone):.1f} times one alone"
    )
    found = [f"errors: {dict(errors)}"] if errors else []
    found += yield from _looked_through(app, desk.bookings, mailbox, log)
    if found:
        raise WentWrong("; ".join(found))


def _give(app: Flask, desk: Desk, council: Council) -> str:
    with app.app_context():
        with transaction() as session:
            ref = make_discussion(session, council)
        db.session.remove()
    desk.give([ref])
    return ref


def _looked_through(
    app: Flask, bookings: list[Booking], mailbox: MailServer, log: Path
) -> Generator[str, None, list[str]]:
    """What was looked at, where nothing went wrong; returns what did, in words."""
    with app.app_context():
        session = reading()
        found = [f"{one.ref}: {one.unexpected}" for one in bookings if one.unexpected]
        found += [f"{one.ref} was not booked" for one in bookings if not one.acknowledged]
        found += half_bookings(session, bookings)
        found += lost_or_strange_mail(session, mailbox.received)
        found += [
            f"{message_id} came {len(several)} times"
            for message_id, several in by_message_id(mailbox.received).items()
            if len(several) > 1
        ]
        found += [str(problem) for problem in verify_chain(session)]
        deadlocks = session.execute(text("SELECT sum(deadlocks) FROM pg_stat_database")).scalar()
        if deadlocks:
            found.append(f"{deadlocks} deadlocks")
        said = log.read_text()
        if error := re.search(r"\[error|Traceback", said):
            start = max(0, error.start() - 200)
            found.append(f"the log tells of errors: {said[start : start + 4000]}")
        letters = session.execute(select(func.count()).select_from(Delivery)).scalar_one()
        connections = session.execute(text("SELECT count(*) FROM pg_stat_activity")).scalar()
        db.session.remove()
    if not found:
        yield (
            f"{letters} letters arrived, each once; no deadlock, no booking half made, the audit "
            "whole"
        )
    yield f"{connections} connections of the database's own and this process at the end"
    return found


class _Reader:
    """Somebody signed in who opens one page after the other, and now and then sends a form."""

    def __init__(self, browser: Browser, paths: list[str]) -> None:
        self._browser, self._paths = browser, paths
        self.taken: list[float] = []
        self.statuses: list[int] = []

    def start_anew(self) -> list[float]:
        """What was taken so far, which counts no more."""
        taken, self.taken = self.taken, []
        return taken

    def read(
        self, thinks: tuple[float, float], until: float = float("inf"), most: int = 1_000_000
    ) -> None:
        chance = random.Random(id(self))
        time.sleep(chance.uniform(0, thinks[1]))
        while time.monotonic() < until and len(self.taken) < most:
            page = self._timed("GET", chance.choice(self._paths), {})
            if len(self.taken) % 10 == 0:
                # The heartbeat of a running meeting: a change, by the token of this page.
                token = form_of(page, "/sign-out").get("csrf_token", "")
                self._timed("POST", "/session/stay", {"csrf_token": token})
            time.sleep(chance.uniform(*thinks))

    def _timed(self, method: str, path: str, fields: dict[str, str]) -> str:
        began = time.perf_counter()
        try:
            answer = (
                self._browser.get(path) if method == "GET" else self._browser.post(path, fields)
            )
        except NoAnswer:
            self.statuses.append(0)
            return ""
        self.taken.append(time.perf_counter() - began)
        self.statuses.append(answer.status)
        return answer.text


@contextmanager
def _serving(log: Path, environment: dict[str, str]) -> Iterator[int]:
    port = free_port()
    commands = [
        as_in_use(port),
        *(["flask", "worker"] for _ in range(WORKERS)),
    ]
    own = os.environ | environment | {"BASE_URL": f"http://127.0.0.1:{port}"}
    with ExitStack() as stack:
        said = stack.enter_context(log.open("ab"))
        for command in commands:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=own, stdout=said, stderr=said
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if Browser(port, {}).get("/health").status == 200:
                    break
            except NoAnswer:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"the web server is not up: {log.read_text()[-2000:]}")
        yield port


def _nothing_left(app: Flask) -> bool:
    with app.app_context():
        waiting = select(OutboxMessage.id).where(
            OutboxMessage.state.in_((MessageState.QUEUED, MessageState.SENDING))
        )
        found = reading().execute(waiting.limit(1)).first()
        db.session.remove()
    return found is None


def _until(happened: Callable[[], bool], desk: Desk) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        wrong = [one.unexpected for one in desk.bookings if one.unexpected]
        if wrong or time.monotonic() > deadline:
            raise RuntimeError(f"nothing went on any more: {wrong}")
        time.sleep(0.02)


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]
