"""PostgreSQL's own programs, which dump and restore (H5). A password never stands in a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

from app.cli.backups.types import BackupFailed

_SAID = 300  # characters of what a program said
HELD = "outbox_hold"


def dump(url: URL, snapshot: str, target: Path) -> None:
    """Everything in the database as this exported snapshot sees it, for pg_restore. Raises
    BackupFailed with what pg_dump said."""
    _run(
        url, "pg_dump", "--format=custom", "--compress=0", f"--snapshot={snapshot}",
        "--no-owner", "--no-privileges", f"--exclude-table-data={HELD}", f"--file={target}",
    )  # fmt: skip


def restore_tables(url: URL, dumped: Path) -> None:
    """The tables alone, without a row: no worker starts on them."""
    _restore(url, dumped, "--section=pre-data")


def restore_rows(url: URL, dumped: Path) -> None:
    """The rows, then indexes, constraints and triggers; all of it or nothing."""
    _restore(url, dumped, "--section=data", "--section=post-data")


def _restore(url: URL, dumped: Path, *sections: str) -> None:
    _run(
        url, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
        "--no-privileges", *sections, "--dbname", _without_password(url), str(dumped),
    )  # fmt: skip


def _run(url: URL, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupFailed(f"{program} is missing: install PostgreSQL's client programs.")
    if program == "pg_dump":
        arguments = ("--dbname", _without_password(url), *arguments)
    environment = dict(os.environ)
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    # The program is PostgreSQL's, and each argument is ours or the installation's own setting.
    ended = subprocess.run(  # noqa: S603
        [found, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        # Only its first line: others may quote a row.
        said = next(iter(ended.stderr.strip().splitlines()), "")[:_SAID]
        raise BackupFailed(f"{program} ended with {ended.returncode}: {said}")


def _without_password(url: URL) -> str:
    plain = url.set(drivername="postgresql")
    return URL.create(
        "postgresql", plain.username, None, plain.host, plain.port, plain.database, plain.query
    ).render_as_string(hide_password=False)
