"""The first start of an example area: one that is cut short is begun anew (I1)."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

import click
from sqlalchemy import make_url

MARK = "first-start"


class FirstStart:
    """Marked in DATA_DIR from before the area is filled until its sign-ins have been shown.

    Of an area that is filled in part nobody has the password, and the rest of its week would never
    come: nothing in it is anybody's work yet, so the next start throws it away.
    """

    def __init__(self, data_dir: Path, database_url: str) -> None:
        self._mark = data_dir / MARK
        self._database = Path(make_url(database_url).database or "")
        self._held: IO[str] | None = None

    def clear(self) -> None:
        """Throw away what a first start left that was cut short. Raises ClickException while it
        still runs."""
        try:
            self._claim("r")
        except FileNotFoundError:
            return
        if not self._mark.exists():  # it has just been done
            return
        click.echo("The first start was cut short: the example area is begun anew.")
        for suffix in ("-wal", "-shm", ""):
            self._database.with_name(f"{self._database.name}{suffix}").unlink(missing_ok=True)

    def begin(self) -> None:
        """Mark it. Raises ClickException while another start fills the same area."""
        if self._held is None:
            self._claim("a")

    def done(self) -> None:
        """Forget the mark: the area is whole, and who filled it was told how to sign in."""
        if self._held is not None:
            self._mark.unlink(missing_ok=True)
            self._held.close()

    def _claim(self, mode: str) -> None:
        held = self._mark.open(mode, encoding="utf-8")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(
                "Another start is filling this example area: wait until it is ready."
            ) from error
        self._held = held
