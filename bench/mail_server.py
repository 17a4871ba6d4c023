"""A mail server in a process of its own: takes everything, and says of invitations when."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from aiosmtpd.smtp import SMTP, Envelope, Session

INVITATION = b"\r\nSubject: Invitation"  # a worker has other mail to send too


class Clerk:
    """Reads the times at which the server was greeted and took messages, by the machine's clock
    (`time.monotonic`, the same in every process)."""

    def __init__(self, port: int, said: Connection) -> None:
        self.port = port
        self._said = said

    def greeted_and_taken(self, messages: int, patience: float = 30.0) -> tuple[float, float]:
        """When the connection came that brought the first of so many invitations, and when the
        last of them was taken."""
        found: list[tuple[float, float]] = []
        deadline = time.monotonic() + patience
        while len(found) < messages:
            if not self._said.poll(max(0.0, deadline - time.monotonic())):
                raise RuntimeError(f"{len(found)} of {messages} messages arrived")
            found.append(struct.unpack("=dd", self._said.recv_bytes()))
        return found[0][0], found[-1][1]

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
            session.greeted = time.monotonic()  # type: ignore[attr-defined]
            return replies

        async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
            assert isinstance(envelope.content, bytes)
            if INVITATION in envelope.content[:1000]:
                at = session.greeted, time.monotonic()  # type: ignore[attr-defined]
                said.send_bytes(struct.pack("=dd", *at))
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
