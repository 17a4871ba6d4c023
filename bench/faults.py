"""Five hundred kills of web and worker, at random moments, while ten thousand discussions are
booked, on each database: none lost, none doubled, no letter lost, the audit whole (H4).

Takes hours and some two gigabytes of memory, for every letter is kept and compared. FAULTS_KILLS,
FAULTS_WRITES and FAULTS_MINUTES (of killing) ask for less, FAULTS_DATABASES=sqlite for one
database alone.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import migrate, settings_for
from tests.faults.killing import ROUNDS, ground_on, kill_and_check
from tests.postgresql import PrivatePostgres

KILLS, WRITES = 500, 10_000
# How long to go on killing on each database, where that is sooner than all kills are done.
SECONDS = 60 * float(os.environ.get("FAULTS_MINUTES", "inf"))
DATABASES = os.environ.get("FAULTS_DATABASES", "sqlite postgresql").split()
_KILLS_PER_ROUND = sum(len(names) for names in ROUNDS) / len(ROUNDS)


def run() -> Iterator[str]:
    kills = int(os.environ.get("FAULTS_KILLS", KILLS))
    writes = int(os.environ.get("FAULTS_WRITES", WRITES))
    if "sqlite" in DATABASES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = f"sqlite:///{folder / 'db.sqlite3'}"
            yield _killed("SQLite", url, folder, kills, writes)
    if "postgresql" in DATABASES:
        with tempfile.TemporaryDirectory() as name, PrivatePostgres() as server:
            yield _killed("PostgreSQL", server.create("kills"), Path(name), kills, writes)


def _killed(engine: str, url: str, folder: Path, kills: int, writes: int) -> str:
    migrate(settings_for(folder, url))
    rounds = math.ceil(kills / _KILLS_PER_ROUND)
    started = time.monotonic()
    with ground_on(url, folder) as ground:
        said = kill_and_check(ground, rounds, math.ceil(writes / kills), SECONDS)
    minutes = (time.monotonic() - started) / 60
    return (
        f"{engine}: {said}; nothing lost, nothing doubled, the audit whole ({minutes:.0f} minutes)"
    )
