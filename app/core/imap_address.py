"""Where the mailbox is that answers and returned mail come to, as `IMAP_URL` gives it (D6, I2)."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

_UNREADABLE = "IMAP_URL cannot be read: give imaps://user:password@host/INBOX."


class Place(NamedTuple):
    """Which folder of which mailbox, and how to get there."""

    host: str
    port: int
    tls: str  # at once, starttls, none
    user: str
    password: str
    folder: str

    @property
    def digest(self) -> str:
        """Names the mailbox in the database without saying whose it is."""
        named = f"{self.user}\n{self.host}\n{self.port}\n{self.folder}"
        return hashlib.sha256(named.encode()).hexdigest()


class NotAMailbox(ValueError):
    """Says what is wrong with the address and what to do, without repeating it."""


def read_url(url: str, *, loopback_only: bool = False) -> Place:
    """`imaps://user:password@host/INBOX`, or `imap://` for STARTTLS, which is left out on this
    machine alone. Raises NotAMailbox for an address that is none or not safe, and with
    `loopback_only` for one beyond this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAMailbox(_UNREADABLE) from error
    if (
        parts.scheme not in ("imap", "imaps")
        or not (parts.hostname and parts.username and parts.password)
        or port == 0
    ):
        raise NotAMailbox(_UNREADABLE)
    here = _is_loopback(parts.hostname)
    if loopback_only and not here:
        raise NotAMailbox(
            "IMAP_URL leads beyond this machine: the example area reads no real mailbox."
        )
    if parse_qs(parts.query).get("tls") and not here:
        raise NotAMailbox("IMAP_URL would send a password without TLS: leave out tls.")
    plain = "none" if here else "starttls"
    return Place(
        host=parts.hostname,
        port=port or (993 if parts.scheme == "imaps" else 143),
        tls="at once" if parts.scheme == "imaps" else plain,
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.lstrip("/")) or "INBOX",
    )


def imap_problem(url: str, *, loopback_only: bool = False) -> str | None:
    """Why this setting names no mailbox that may be read, in words that say what to do, or None."""
    try:
        read_url(url, loopback_only=loopback_only)
    except NotAMailbox as error:
        return str(error)
    return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
