"""A file that only a holder of FIELD_KEYS can read, and in which any change shows (H5).

As age does it: a key for this file alone, derived from the first of FIELD_KEYS, and pieces that are
each sealed with their number and with whether they are the last, so that nothing can be changed,
left out, moved or cut off. AES-256-GCM and HKDF from the `cryptography` package.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.cli.backups.types import BackupFailed

MAGIC = b"strategy-discussion backup 1\n"
PIECE = 1 << 20
_TAG = 16
_LONGEST_HEADER = 1000


def key_name(field_key: str) -> str:
    """Which key it is, without telling anything of it: the key is random."""
    return hashlib.sha256(b"names a key of FIELD_KEYS\n" + field_key.encode()).hexdigest()[:12]


class Sealing:
    """Writes a sealed file: `write` as often as needed, then `finish`."""

    def __init__(self, out: BinaryIO, field_key: str) -> None:
        header = {"key": key_name(field_key), "salt": secrets.token_hex(16)}
        line = json.dumps(header, sort_keys=True).encode() + b"\n"
        out.write(MAGIC + line)
        self._out = out
        self._cipher = _cipher(field_key, header["salt"], line)
        self._held = bytearray()
        self._number = 0

    def write(self, content: bytes) -> int:
        self._held += content
        while len(self._held) > PIECE:  # one piece is held back: it may be the last
            self._put(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(content)

    def flush(self) -> None:
        """Nothing: a piece goes out when it is whole."""

    def finish(self) -> None:
        self._put(bytes(self._held), last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class Opening:
    """Reads a sealed file. Raises BackupFailed where no key fits or anything was changed."""

    def __init__(self, source: BinaryIO, field_keys: Sequence[str]) -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise BackupFailed("This file is no backup of this product.")
        line = source.readline(_LONGEST_HEADER)
        try:
            header = json.loads(line)
            name, salt = str(header["key"]), str(header["salt"])
            bytes.fromhex(salt)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupFailed(_DAMAGED) from error
        fitting = [key for key in field_keys if key_name(key) == name]
        if not fitting:
            raise BackupFailed(
                f"This backup was made with a key ({name}) that is not in FIELD_KEYS: append that "
                "key to FIELD_KEYS. Yours are "
                f"{', '.join(key_name(key) for key in field_keys) or 'none'}."
            )
        self._cipher = _cipher(fitting[0], salt, line)
        self._source = source
        self._next = source.read(PIECE + _TAG)
        self._number = 0
        self._ended = False
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; fewer at the end alone."""
        parts, wanted = [], size if size >= 0 else 1 << 62
        while wanted:
            if not self._held:
                self._held = self._piece()
                if not self._held:
                    break
            part, self._held = self._held[:wanted], self._held[wanted:]
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _piece(self) -> bytes:
        if self._ended:
            return b""
        piece, self._next = self._next, self._source.read(PIECE + _TAG)
        self._ended = not self._next
        try:
            opened = self._cipher.decrypt(_nonce(self._number, self._ended), piece, None)
        except InvalidTag as error:
            raise BackupFailed(_DAMAGED) from error
        self._number += 1
        return opened


_DAMAGED = "The backup was damaged, changed or cut off. Use another one."


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cipher(field_key: str, salt: str, header: bytes) -> AESGCM:
    derived = HKDF(SHA256(), 32, bytes.fromhex(salt), b"backup\n" + header)
    return AESGCM(derived.derive(base64.urlsafe_b64decode(field_key)))
