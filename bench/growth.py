"""Every list, first page, wall and search with a hundred thousand referrals, as a multiple of a
thousand.

On both databases; the two sizes are served side by side and asked in turn. What grows is the past
(`bench/filling.py`): what is open, due or coming is as much in both, which is counted before
anything is measured. Which pages there are is found out (`bench/every_page.py`). What counts is the
processor time of web process and database: waiting for a turn on a busy machine does not. Targets:
1.15 times, for a search 3 times (G5). A list that a thousand referrals do not fill yet shows more
in the large area: of it, what one kilobyte costs is compared.

GROWTH_REFERRALS=1000000 measures a million (some 30 GB of disk), GROWTH_DATABASES=sqlite one
database alone.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool

from app import create_app
from app.accounts.models import Staff
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.config import Settings
from app.core.session import db, reading, transaction
from app.reports.wall.service import make_display
from app.reports.wall.types import Screen
from bench import area
from bench.databases import measured_on
from bench.every_page import Asked, Get, Page, every_page
from bench.filling import fill, still_open
from bench.names import children_of, names_for
from bench.serving import (
    ROOT,
    Served,
    ask,
    processes_under,
    processor_seconds,
    served,
    wait_until_asleep,
)
from tests.postgresql import PrivatePostgres

FEW, MANY = 1_000, int(os.environ.get("GROWTH_REFERRALS", "100000"))
DATABASES = os.environ.get("GROWTH_DATABASES", "sqlite postgresql").split()
ROUNDS, WARM_UP = int(os.environ.get("GROWTH_ROUNDS", "40")), 3
TARGET, SEARCH_TARGET = 1.15, 3.0


def run() -> Iterator[str]:
    yield from measured_on(DATABASES, _measured)


def _measured(engine: str, folder: Path, server: PrivatePostgres | None) -> Iterator[str]:
    few, many = folder / "few", folder / "many"
    few_url, many_url = f"sqlite:///{few / 'db.sqlite3'}", f"sqlite:///{many / 'db.sqlite3'}"
    if server is not None:
        few_url = server.create("few")
    os.environ["DATABASE_URL"] = few_url
    try:
        app = area.make(few)
        with app.app_context(), transaction() as session:
            staff_id = session.execute(select(Staff.id).limit(1)).scalar_one()
            actor = Actor(ActorKind.STAFF, staff_id, "bench")
            walls = {
                screen: make_display(session, actor, screen.value, screen, now())
                for screen in Screen
            }
        _close(app)
        shutil.copytree(few, many)
        if server is not None:
            many_url = server.create("many", template="few")
        _close(app)
        yield _filled(engine, app, FEW)
        os.environ.update(DATABASE_URL=many_url, DATA_DIR=str(many))
        grown = create_app(Settings.read())
        yield _filled(engine, grown, MANY)
        _as_open(app, grown)
        with (
            served("wsgi:app", ROOT, DATABASE_URL=few_url, DATA_DIR=str(few)) as first,
            served("wsgi:app", ROOT, DATABASE_URL=many_url, DATA_DIR=str(many)) as second,
        ):
            pages = every_page(app, grown, _asking(first.port), _asking(second.port)) | {
                f"wall, {screen.value}": Asked(
                    *(Page(f"/wall/{made.id}", f"wall={made.token}"),) * 2
                )
                for screen, made in walls.items()
            }
            for app_ in (app, grown):
                _close(app_)
            taken = in_turn(pages, _Side(first, few_url), _Side(second, many_url))
    finally:
        del os.environ["DATABASE_URL"]
    yield from told(engine, taken)


def told(engine: str, taken: dict[str, Grown]) -> Iterator[str]:
    """Each page in words, what grew most first."""
    kept = 0
    for name, one in sorted(taken.items(), key=lambda item: -item[1].computing):
        target = SEARCH_TARGET if name.startswith("search") else TARGET
        over = "" if one.computing / max(1.0, one.shows) <= target else "  OVER"
        shows = f", shows {one.shows:.1f} times as much" if one.shows > TARGET else ""
        kept += not over
        yield (
            f"{engine}, {name}: {one.computing:.2f} times in processor time "
            f"({one.milliseconds:.1f} ms{shows}), {one.waiting:.2f} by the clock "
            f"(target {target}){over}"
        )
    yield f"{engine}: {kept} of {len(taken)} pages keep their target, {FEW:,} to {MANY:,} referrals"


def _filled(engine: str, app: Flask, size: int) -> str:
    began = time.monotonic()
    children = children_of(size)
    found = fill(app, size, names_for(app, children))
    return (
        f"{engine}: {found.referrals:,} referrals about {children:,} children, {found.rows:,} rows "
        f"copied "
        f"({time.monotonic() - began:.0f} s)"
    )


def _as_open(app: Flask, grown: Flask) -> None:
    """What waits for somebody must be as much in both, or pages would differ by what they show."""
    counts = []
    for one in (app, grown):
        with one.app_context():
            counts.append(still_open(reading()))
            db.session.remove()
    differ = {name: (count, counts[1][name]) for name, count in counts[0].items()
              if count != counts[1][name]}  # fmt: skip
    if differ:
        raise RuntimeError(f"more is open in the larger area: {differ}")


def _asking(port: int) -> Get:
    def asked_for(page: Page) -> tuple[int, bytes]:
        _, status, body = ask(port, *page)
        return status, body

    return asked_for


# Seconds of processor time, seconds by the clock, bytes of the answer.
Sample = tuple[float, float, int]


class Grown(NamedTuple):
    """One page in the large area as a multiple of the small one: in processor time of web process
    and database, by the clock, which other work on the machine lengthens, and how much it shows."""

    computing: float
    waiting: float
    shows: float
    milliseconds: float  # of processor time, in the small area


class _Side:
    """One of the two areas: how long its pages take."""

    def __init__(self, served_: Served, database_url: str) -> None:
        self.port = served_.port
        self._leader = served_.pid
        self._database = create_engine(database_url, poolclass=NullPool)
        self._pids: list[int] = []

    def look(self) -> None:
        """Which processes work for it now."""
        self._pids = processes_under(self._leader)
        if self._database.dialect.name == "postgresql":
            with self._database.connect() as connection:
                self._pids += connection.execute(_BACKENDS).scalars()

    def take(self, page: Page) -> tuple[int, Sample]:
        """Its status, and seconds of processor time, by the clock, and bytes."""
        before = processor_seconds(self._pids)
        took, status, body = ask(self.port, *page)
        wait_until_asleep(self._pids)
        return status, (processor_seconds(self._pids) - before, took, len(body))


_BACKENDS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def in_turn(pages: dict[str, Asked], first: _Side, second: _Side) -> dict[str, Grown]:
    """Each page of both, asked in turn so that noise is shared."""
    times: dict[str, tuple[list[Sample], list[Sample]]] = {name: ([], []) for name in pages}
    for turn in range(ROUNDS + WARM_UP):
        for side in (first, second):
            side.look()
        for name, asked_ in pages.items():
            for side, page, taken in zip((first, second), asked_, times[name], strict=True):
                status, sample = side.take(page)
                if status >= 400:
                    raise RuntimeError(f"{name} answered {status} for {page.path}")
                if turn >= WARM_UP and status == 200:
                    taken.append(sample)
    # Some ask for the password again after five minutes: they are measured no longer.
    return {name: _grown(few, many) for name, (few, many) in times.items() if few and many}


def _grown(few: list[Sample], many: list[Sample]) -> Grown:
    small, large = ([_undisturbed(one) for one in zip(*side, strict=True)] for side in (few, many))
    more = [one / other for one, other in zip(large, small, strict=True)]
    return Grown(more[0], more[1], more[2], small[0] * 1000)


def _undisturbed(times: Sequence[float]) -> float:
    """The median of the quicker half: a busy neighbour makes computing itself slower."""
    return statistics.median(sorted(times)[: max(1, len(times) // 2)])


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
