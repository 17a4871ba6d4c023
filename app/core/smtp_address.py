"""Where the mail server is that letters go to, as `SMTP_URL` gives it (I2)."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

_UNREADABLE = "SMTP_URL cannot be read: give smtp://host:port or smtps://user:password@host:port."


class Server(NamedTuple):
    host: str
    port: int
    tls: str  # at once, starttls, none
    user: str | None
    password: str | None

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class NotAServer(ValueError):
    """Says what is wrong with the address and what to do, without repeating it."""


def read_url(url: str) -> Server:
    """`smtps://user:password@host:465` (TLS at once) or `smtp://host:587` (STARTTLS).

    Letters hold links and PINs, so beyond this machine STARTTLS is required; a relay on the
    council's own network that offers none is named with `smtp://host:25?tls=none`, and then gets
    no password. Raises NotAServer for an address that is none or not safe.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAServer(_UNREADABLE) from error
    asked = parse_qs(parts.query).get("tls", [""])[0]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == 0:
        raise NotAServer(_UNREADABLE)
    server = Server(
        host=parts.hostname,
        port=port or (465 if parts.scheme == "smtps" else 25),
        tls="at once" if parts.scheme == "smtps" else "starttls",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
    if server.tls == "starttls" and (asked == "none" or server.loopback):
        server = server._replace(tls="none")
        if server.user and not server.loopback:
            raise NotAServer(
                "SMTP_URL would send a password without TLS: use smtps:// or leave out tls=none."
            )
    return server


def smtp_problem(url: str) -> str | None:
    """Why this setting names no mail server that may be used, in words that say what to do, or
    None."""
    try:
        read_url(url)
    except NotAServer as error:
        return str(error)
    return None
