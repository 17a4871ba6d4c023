"""The malware scanner, where an installation has one: asked before a file is kept (D5).

`SCANNER` names it: `clamd:///run/clamav/clamd.ctl` or `clamd://host:3310` speaks to ClamAV;
`command:clamdscan --no-summary -` runs a program that reads the file from its standard input and
ends with 0 for clean and 1 for infected.
"""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from urllib.parse import urlsplit

import structlog

from app.core.refusal import Refused

PATIENCE = 30.0  # seconds
_PIECE = 1 << 16
log = structlog.get_logger()


class Unanswered(Exception):
    """The scanner did not say whether the file is clean."""


def scanner_problem(scanner: str) -> str | None:
    """Why this setting names no scanner, in words that say what to do, or None."""
    words = (
        "SCANNER is not understood: use clamd:///path/of/the/socket, clamd://host:port or "
        "command:program arguments."
    )
    if scanner.startswith("command:"):
        try:
            return None if shlex.split(scanner.removeprefix("command:")) else words
        except ValueError:
            return words
    try:
        parts = urlsplit(scanner)
        known = parts.scheme == "clamd" and (
            bool(parts.hostname and parts.port) or (not parts.netloc and parts.path != "")
        )
    except ValueError:
        known = False
    return None if known else words


class Scanner:
    """Set once at start, like the keys of protected fields."""

    def __init__(self) -> None:
        self._address: str | None = None

    def use(self, address: str | None) -> None:
        """Ask this scanner from now on; None where the installation has none."""
        self._address = address

    def check(self, content: bytes, field: str) -> None:
        """Raises Refused naming `field` where the file is infected, or could not be looked at:
        an unknown file is not kept, and its sender is told what to do instead."""
        if self._address is None:
            return
        try:
            clean = _is_clean(self._address, content)
        except (OSError, Unanswered, subprocess.SubprocessError) as error:
            log.error("scanner gave no answer", exc_info=error)
            raise Refused(
                field,
                "The file could not be checked for viruses just now: try again in a few minutes, "
                "or go on without it and tell the desk",
            ) from error
        if not clean:
            raise Refused(
                field, "A virus was found in this file, so it was not kept: choose another"
            )


scanner = Scanner()


def _is_clean(address: str, content: bytes) -> bool:
    if address.startswith("command:"):
        return _by_command(shlex.split(address.removeprefix("command:")), content)
    parts = urlsplit(address)
    if parts.hostname and parts.port:
        with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
            return _by_clamd(connection, content)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(parts.path)
        return _by_clamd(connection, content)


def _by_clamd(connection: socket.socket, content: bytes) -> bool:
    """INSTREAM of clamd's protocol: pieces with their length before them, an empty one last."""
    connection.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        connection.sendall(struct.pack("!L", len(piece)) + piece)
    connection.sendall(struct.pack("!L", 0))
    answer = b""
    while not answer.endswith(b"\0"):
        received = connection.recv(4096)
        if not received:
            break
        answer += received
    said = answer.rstrip(b"\0").strip()
    if said.endswith(b" FOUND"):
        return False
    if said.endswith(b"OK"):
        return True
    raise Unanswered("clamd answered neither OK nor FOUND")


def _by_command(words: list[str], content: bytes) -> bool:
    # The program is the installation's own setting; nothing that people sent becomes an argument.
    ended = subprocess.run(  # noqa: S603
        words, input=content, capture_output=True, timeout=PATIENCE, check=False
    )
    if ended.returncode not in (0, 1):
        raise Unanswered(f"the scanner ended with {ended.returncode}")
    return ended.returncode == 0
