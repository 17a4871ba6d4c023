"""Fifty people at once for two minutes, on PostgreSQL with several web and worker processes: no
error, and 95 of 100 answers within three times what one person alone waits.

People read and think for some seconds between two pages, as they do; every tenth page is a change.
LOAD_PEOPLE and LOAD_SECONDS ask for less.
"""

from __future__ import annotations

import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select, text

from app.accounts.types import Role
from app.audit.queries import verify_chain
from app.core.session import db, reading
from app.meetings.models import Meeting
from app.referrals.models import Referral
from bench import area
from bench.serving import ROOT, free_port
from tests.page_form import form_of
from tests.postgresql import PrivatePostgres

PEOPLE, SECONDS, IDLE_PAGES = 50, 120, 150
WEB_PROCESSES, WORKERS = 4, 2
THINKS = (4.0, 10.0)  # seconds between two pages of one person
TARGET = 3.0
ROLES = (Role.ADMINISTRATOR, Role.CHAIR, Role.TRIAGE)


def run() -> list[str]:
    people = int(os.environ.get("LOAD_PEOPLE", PEOPLE))
    seconds = int(os.environ.get("LOAD_SECONDS", SECONDS))
    with tempfile.TemporaryDirectory() as name, PrivatePostgres() as server:
        os.environ["DATABASE_URL"] = server.create("load")
        try:
            return _measured(Path(name), people, seconds)
        finally:
            del os.environ["DATABASE_URL"]


def _measured(folder: Path, people: int, seconds: int) -> list[str]:
    app = area.make(folder)
    cookies = {role: area.cookie(app, role) for role in ROLES}
    with app.app_context():
        paths = ["/", "/referrals/"]
        paths += [
            f"/referrals/{ref}"
            for ref in reading().execute(select(Referral.ref).limit(40)).scalars()
        ]
        paths += [
            f"/discussions/{ref}"
            for ref in reading().execute(select(Meeting.ref).limit(20)).scalars()
        ]
        db.session.remove()
        db.engine.dispose()
    with _serving() as port:
        # Each process loads what its first pages need: that is nobody's usual wait.
        first = _Person(port, cookies[Role.CHAIR], paths, pause=(0.0, 0.0))
        first.go(until=time.monotonic() + 60, most=IDLE_PAGES)
        idle = _Person(port, cookies[Role.CHAIR], paths, pause=(0.0, 0.0))
        idle.go(until=time.monotonic() + 60, most=IDLE_PAGES)
        crowd = [
            _Person(port, cookies[ROLES[number % len(ROLES)]], paths, THINKS)
            for number in range(people)
        ]
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=one.go, args=(until,)) for one in crowd]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    taken = [one for person in crowd for one in person.taken]
    statuses = Counter(status for person in crowd for status in person.statuses)
    wrong = {status: count for status, count in statuses.items() if status not in (200, 303)}
    with app.app_context():
        whole = not list(verify_chain(reading()))
        connections = reading().execute(text("SELECT count(*) FROM pg_stat_activity")).scalar()
        db.session.remove()
        db.engine.dispose()
    alone, together = _p95(idle.taken), _p95(taken)
    return [
        f"{people} people, {seconds} s, {WEB_PROCESSES} web and {WORKERS} worker processes: "
        f"{len(taken)} answers, errors: {wrong or 'none'}; audit {'whole' if whole else 'BROKEN'}; "
        f"{connections} connections at the end",
        f"95 of 100 answers within {together * 1000:.0f} ms, alone {alone * 1000:.0f} ms: "
        f"{together / alone:.1f} times (target {TARGET:.0f})",
    ]


class _Person:
    """Somebody signed in who opens one page after the other, and now and then sends a form."""

    def __init__(
        self, port: int, cookie: str, paths: list[str], pause: tuple[float, float]
    ) -> None:
        self._port, self._cookie, self._paths, self._pause = port, cookie, paths, pause
        self.taken: list[float] = []
        self.statuses: list[int] = []

    def go(self, until: float, most: int = 1_000_000) -> None:
        chance = random.Random(id(self))
        time.sleep(chance.uniform(0, self._pause[1]))
        while time.monotonic() < until and len(self.taken) < most:
            page = self._ask("GET", chance.choice(self._paths))
            if len(self.taken) % 10 == 0:
                # The heartbeat of a running meeting: a change, by the token of this page.
                fields = {"csrf_token": form_of(page, "/sign-out").get("csrf_token", "")}
                self._ask("POST", "/session/stay", urlencode(fields))
            time.sleep(chance.uniform(*self._pause))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text_ = answer.read().decode()
            self.statuses.append(200 if answer.status == 204 else answer.status)
        except (OSError, http.client.HTTPException):
            self.statuses.append(0)  # no answer at all
            return ""
        finally:
            connection.close()
        self.taken.append(time.perf_counter() - started)
        return text_


@contextmanager
def _serving() -> Iterator[int]:
    port = free_port()
    commands = [
        ["gunicorn", "wsgi:app", "--workers", str(WEB_PROCESSES), "--bind", f"127.0.0.1:{port}",
         "--log-level", "error", "--no-control-socket"],
        *(["flask", "worker"] for _ in range(WORKERS)),
    ]  # fmt: skip
    with ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        for _ in range(600):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield port


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]
