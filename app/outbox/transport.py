"""Two ways out: a mail server, or a folder where mail is looked at and goes no further (I1)."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import smtplib
import ssl
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self
from urllib.parse import urlsplit

from app.core.config import Settings, UnsafeSettings
from app.core.smtp_address import NotAServer, Server, read_url
from app.outbox.rules import Reply, meaning
from app.outbox.types import Claimed

MAIL_FOLDER = "mail"
SECONDS = 20.0  # for each answer to a letter: rules.ONE_LETTER counts four of them
# While the connection is made: up to seven answers (address, greeting, EHLO, STARTTLS, EHLO, AUTH),
# within one claim.
GREETING = 10.0
_NAME = re.compile(r"<([A-Za-z0-9._-]{1,80})@[A-Za-z0-9.-]{1,100}>")


class Unreachable(Exception):
    """The connection is of no use: what is left of the batch waits. Says why, without addresses.

    `everyone`: the server itself is away or does not want us. Else it broke off over one message,
    and that one alone has to wait longer.
    """

    def __init__(self, problem: str, *, everyone: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.everyone = everyone


class Outcome(NamedTuple):
    reply: Reply
    problem: str | None


class Transport(Protocol):
    """Open for one batch: `with transport_for(settings) as transport`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def open(self) -> None:
        """Be ready for the next message. Raises Unreachable where nobody can be reached."""

    def send(self, message: Claimed) -> Outcome:
        """Hand over one message. Raises Unreachable where the rest of the batch must wait."""


def transport_for(settings: Settings) -> Transport:
    """The way out these settings name. Raises UnsafeSettings for an address that is none, and in
    the example area for one beyond loopback (I1)."""
    if settings.smtp_url is None:
        if not settings.example:
            raise UnsafeSettings(["SMTP_URL is missing: set it to smtp://host:port of your relay."])
        return Folder(settings.data_dir / MAIL_FOLDER)
    try:
        server = read_url(settings.smtp_url)
    except NotAServer as error:
        raise UnsafeSettings([str(error)]) from error
    if settings.example and not server.loopback:
        raise UnsafeSettings(
            ["SMTP_URL leads beyond this machine: example mail may only go to 127.0.0.1."]
        )
    return MailServer(server, settings.mail_from, _own_name(settings.base_url))


class MailServer:
    """One SMTP connection for a batch, opened at the first message."""

    def __init__(self, server: Server, sender: str, own_name: str) -> None:
        self._server = server
        self._sender = sender
        self._own_name = own_name
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                # Everything was settled message by message: a rude farewell changes nothing.
                self._smtp.close()
            self._smtp = None

    def open(self) -> None:
        if self._smtp is None:
            self._smtp = self._connect()

    def send(self, message: Claimed) -> Outcome:
        self.open()
        assert self._smtp is not None
        try:
            self._smtp.sendmail(self._sender, [message.recipient], message.content)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return self._told(code, "the address")
        except smtplib.SMTPDataError as error:
            return self._told(error.smtp_code, "the message")
        except smtplib.SMTPSenderRefused as error:
            # About us, not about this message: a mended setting lets it through later.
            raise self._lost(
                f"The mail server does not take mail from us ({error.smtp_code}).", everyone=True
            ) from error
        except UnicodeEncodeError:
            return Outcome(Reply.REFUSED, "The address cannot be used for mail.")
        except TimeoutError as error:
            raise self._lost("The mail server did not answer in time.") from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._lost("The mail server broke off.") from error
        return Outcome(Reply.TAKEN, None)

    def _told(self, code: int, about: str) -> Outcome:
        if self._smtp is None or self._smtp.sock is None:
            raise self._lost(f"The mail server broke off ({code}).")
        reply = meaning(code)
        words = "refused" if reply is Reply.REFUSED else "would not yet take"
        return Outcome(reply, f"The mail server {words} {about} ({code}).")

    def _lost(self, problem: str, *, everyone: bool = False) -> Unreachable:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None
        return Unreachable(problem, everyone=everyone)

    def _connect(self) -> smtplib.SMTP:
        try:
            return self._connected()
        except smtplib.SMTPAuthenticationError as error:
            problem = "The mail server does not take the password in SMTP_URL."
            raise Unreachable(problem, everyone=True) from error
        except smtplib.SMTPNotSupportedError as error:
            problem = "The mail server does not offer the TLS or sign-in that SMTP_URL asks for."
            raise Unreachable(problem, everyone=True) from error
        except ssl.SSLError as error:
            problem = "The mail server's TLS certificate was not accepted."
            raise Unreachable(problem, everyone=True) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise Unreachable("The mail server could not be reached.", everyone=True) from error

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        # The own name is given, so that no name look-up waits.
        smtp: smtplib.SMTP
        if server.tls == "at once":
            smtp = smtplib.SMTP_SSL(
                server.host, server.port, self._own_name, timeout=GREETING, context=_tls()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, self._own_name, timeout=GREETING)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=_tls())
            if server.user:
                smtp.login(server.user, server.password or "")
            if smtp.sock is not None:
                smtp.sock.settimeout(SECONDS)
        except BaseException:
            smtp.close()
            raise
        return smtp


@cache
def _tls() -> ssl.SSLContext:
    """Reading the system's certificates takes longer than sending twelve letters: once, if ever."""
    return ssl.create_default_context()


class Folder:
    """One .eml for each message, named by its Message-ID: a repeat writes over the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def open(self) -> None:
        return None

    def send(self, message: Claimed) -> Outcome:
        target = self._folder / file_name(message.message_id)
        part = target.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(message.content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            problem = "The mail folder could not be written: is the disk full?"
            raise Unreachable(problem, everyone=True) from error
        return Outcome(Reply.TAKEN, None)


def file_name(message_id: str) -> str:
    """The file of a message: the Message-ID's left part, or its hash where it holds anything that
    could be a path (H7)."""
    found = _NAME.fullmatch(message_id)
    if found is None or found[1].startswith("."):
        return hashlib.sha256(message_id.encode()).hexdigest() + ".eml"
    return found[1] + ".eml"


def _own_name(base_url: str) -> str:
    host = urlsplit(base_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{host}]" if address.version == 6 else f"[{host}]"
