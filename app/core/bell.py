"""The bell: who queued work for the worker wakes it at once.

A named pipe in DATA_DIR, so that both find it without a port, on either database. It carries no
content and nothing rests on it: a ring that nobody hears is made good by the worker's next look.
"""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy.orm import Session

FILE = "worker.bell"
_RINGS = "rings_the_bell"
# Nobody waits there, or the bell is ringing already: both are well.
_HARMLESS = frozenset({errno.ENOENT, errno.ENXIO, errno.EAGAIN, errno.EPIPE})
log = structlog.get_logger()


def ring_after_commit(session: Session) -> None:
    """Ring when this transaction was committed; `transaction()` does it."""
    session.info[_RINGS] = True


def is_to_ring(session: Session) -> bool:
    """Whether the transaction asked for it; asked once, so that the next one does not ring too."""
    return bool(session.info.pop(_RINGS, False))


def ring(data_dir: Path) -> None:
    """Wake the worker of this DATA_DIR. What was committed stands whatever happens here."""
    try:
        handle = os.open(data_dir / FILE, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if stat.S_ISFIFO(os.fstat(handle).st_mode):
                os.write(handle, b".")
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _HARMLESS:
            log.warning("worker not woken", exc_info=error)


class Bell:
    """The worker's side: `with Bell(data_dir) as bell: bell.heard(seconds)`."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._handle = -1

    def __enter__(self) -> Self:
        """Raises OSError where DATA_DIR takes no pipe."""
        if not (self._path.exists() and stat.S_ISFIFO(self._path.stat().st_mode)):
            self._path.unlink(missing_ok=True)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(self._path, 0o600)
        # Open for writing too: else a ringer who hangs up would leave the pipe at its end.
        self._handle = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The pipe stays: another worker of this folder may listen at it.
        os.close(self._handle)

    def heard(self, seconds: float) -> bool:
        """Wait for a ring, at most so long; many rings count as one."""
        if not select.select([self._handle], [], [], seconds)[0]:
            return False
        try:
            os.read(self._handle, 65536)
        except BlockingIOError:
            return False  # another worker of this folder was quicker, and does the work
        return True
