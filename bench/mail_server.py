"""A mail server in a process of its own: takes everything, says when."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from aiosmtpd.smtp import SMTP, Envelope, Session

CONNECTED, ACCEPTED = b"c", b"a"


class Clerk:
    """Reads the times at which the server was greeted and took messages, by the machine's clock
    (`time.monotonic`, the same in every process)."""

    def __init__(self, port: int, said: Connection) -> None:
        self.port = port
        self._said = said

    def greeted_and_taken(self, messages: int, patience: float = 30.0) -> tuple[float, float]:
        """When the first connection came and when the last of so many messages was taken."""
        greeted = taken = 0.0
        left = messages
        deadline = time.monotonic() + patience
        while left:
            if not self._said.poll(max(0.0, deadline - time.monotonic())):
                raise RuntimeError(f"{left} of {messages} messages did not arrive")
            what, at = struct.unpack("=cd", self._said.recv_bytes())
            if what == CONNECTED:
                greeted = greeted or at
            else:
                taken, left = at, left - 1
        return greeted, taken

    def nothing_left(self) -> bool:
        return not self._said.poll(0)


@contextmanager
def mail_server() -> Iterator[Clerk]:
    ours, theirs = Pipe(duplex=False)
    process = Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        (port,) = struct.unpack("=i", ours.recv_bytes())
        yield Clerk(port, ours)
    finally:
        process.terminate()
        process.join(10)


def _serve(said: Connection) -> None:
    import asyncio

    class Handler:
        async def handle_EHLO(
            self,
            _server: SMTP,
            session: Session,
            _envelope: Envelope,
            hostname: str,
            replies: list[str],
        ) -> list[str]:
            session.host_name = hostname
            said.send_bytes(struct.pack("=cd", CONNECTED, time.monotonic()))
            return replies

        async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
            said.send_bytes(struct.pack("=cd", ACCEPTED, time.monotonic()))
            return "250 OK"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        handler = Handler()
        server = await loop.create_server(
            lambda: SMTP(handler, hostname="mail.example.org", loop=loop), "127.0.0.1", 0
        )
        said.send_bytes(struct.pack("=i", server.sockets[0].getsockname()[1]))
        await server.serve_forever()

    asyncio.run(serve())
