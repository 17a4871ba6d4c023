"""What a web process does not load: it would start later and hold it for as long as it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Needed for one document, one letter, one sign-in, one command or one job of the worker.
WHERE_IT_IS_USED = (
    "alembic", "argon2", "authlib", "icalendar", "joserfc", "mako", "nicknames", "pikepdf",
    "pyhanko", "requests", "segno", "weasyprint",
    "app.cli.backup", "app.cli.example", "app.cli.install", "app.cli.serve", "app.cli.worker",
)  # fmt: skip
# Modules of libraries and of Python itself, of which each start reads and runs every one.
MOST = 950
MAKE = """
import sys
from app import create_app
from app.core.config import Settings
create_app(Settings.read())
print(*sys.modules)
"""


def test_a_web_process_loads_what_pages_need_and_no_more(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), "EXAMPLE_AREA": "1"}
    made = subprocess.run(
        [sys.executable, "-c", MAKE], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(made.stdout.split())
    assert loaded >= {"app", "flask", "app.meetings.booking.routes"}
    assert loaded & set(WHERE_IT_IS_USED) == set()
    foreign = {name for name in loaded if name.partition(".")[0] != "app"}
    assert len(foreign) <= MOST, len(foreign)
