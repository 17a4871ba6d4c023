"""A real IMAP server on loopback with one empty mailbox."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

USER, PASSWORD = "demouser", "demopass"
PATIENCE = 30.0


class ImapServer:
    """`with ImapServer() as server`: `server.url` for IMAP_URL, `server.bring(raw)` for mail."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"imap://{USER}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from pymap.main import main; main()"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "dict"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.client().logout()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the IMAP server did not come up")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(USER, PASSWORD)
        return client

    def bring(self, raw: bytes) -> None:
        """Deliver a mail."""
        client = self.client()
        client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), raw)
        client.logout()

    def flags(self) -> list[bytes]:
        """The flags of every mail that lies there."""
        client = self.client()
        client.select("INBOX", readonly=True)
        _kind, found = client.uid("FETCH", "1:*", "(FLAGS)")
        client.logout()
        return [one for one in found if isinstance(one, bytes)]
