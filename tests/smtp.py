"""A real mail server in a thread (aiosmtpd), which can also misbehave, and one that only talks
nonsense."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Received:
    """One message as it came: who it was said to be for, and every byte."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = BytesParser(policy=policy.default).parsebytes(self.content)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class MailServer:
    """What arrived, and how to misbehave: `refuse` gives a reply to RCPT, `answer` to DATA."""

    received: list[Received] = field(default_factory=list)
    connections: int = 0
    refuse: Callable[[str], str | None] = lambda address: None
    answer: Callable[[bytes], str | None] = lambda content: None
    hang: float = 0.0
    drop: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return replies

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if said := self.refuse(address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        if self.hang:
            await asyncio.sleep(self.hang)
        if said := self.answer(content):
            return said
        self.received.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        if self.drop:
            # Taken, but the sender never hears of it: as when the line breaks right then.
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"


class _AnyPort(Controller):
    """Takes the port the system gave, before the first connection is tried."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    controller = _AnyPort(server, hostname="127.0.0.1", port=0)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def saying(*lines: bytes) -> Iterator[str]:
    """A port where each connection is told these lines, one for each thing it says, then left."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                for line in lines:
                    try:
                        connection.sendall(line)
                        connection.recv(1000)
                    except OSError:
                        break

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
