"""Five hundred kills of web and worker, at random moments, while ten thousand discussions are
booked, on each database: none lost, none doubled, no letter lost, the audit whole (H4).

Takes hours and some two gigabytes of memory, for every letter is kept and compared. FAULTS_KILLS
and FAULTS_WRITES ask for less.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from pathlib import Path

from tests.conftest import migrate, settings_for
from tests.faults.killing import ROUNDS, ground_on, kill_and_check
from tests.postgresql import PrivatePostgres

KILLS, WRITES = 500, 10_000
_KILLS_PER_ROUND = sum(len(names) for names in ROUNDS) / len(ROUNDS)


def run() -> list[str]:
    kills = int(os.environ.get("FAULTS_KILLS", KILLS))
    writes = int(os.environ.get("FAULTS_WRITES", WRITES))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = [_killed("SQLite", f"sqlite:///{folder / 'db.sqlite3'}", folder, kills, writes)]
    with tempfile.TemporaryDirectory() as name, PrivatePostgres() as server:
        said.append(_killed("PostgreSQL", server.create("kills"), Path(name), kills, writes))
    return said


def _killed(engine: str, url: str, folder: Path, kills: int, writes: int) -> str:
    migrate(settings_for(folder, url))
    rounds = math.ceil(kills / _KILLS_PER_ROUND)
    started = time.monotonic()
    with ground_on(url, folder) as ground:
        said = kill_and_check(ground, rounds, math.ceil(writes / kills))
    minutes = (time.monotonic() - started) / 60
    return (
        f"{engine}: {said}; nothing lost, nothing doubled, the audit whole ({minutes:.0f} minutes)"
    )
