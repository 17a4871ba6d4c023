"""A sealed file opens with its key, and in no other way (H5)."""

from __future__ import annotations

import io
import os

import pytest

from app.cli.backups.sealed import MAGIC, PIECE, Opening, Sealing, key_name
from app.cli.backups.types import BackupFailed
from app.core.crypto import new_field_key

KEY = new_field_key()


def sealed(content: bytes) -> bytes:
    out = io.BytesIO()
    sealing = Sealing(out, KEY)
    sealing.write(content)
    sealing.finish()
    return out.getvalue()


def opened(content: bytes, *keys: str) -> bytes:
    opening, found = Opening(io.BytesIO(content), keys or (KEY,)), b""
    while piece := opening.read(70_000):
        found += piece
    return found


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_is_opened(size: int) -> None:
    content = os.urandom(size)
    assert opened(sealed(content)) == content


def test_any_of_several_keys_may_be_the_one() -> None:
    assert opened(sealed(b"words"), new_field_key(), KEY) == b"words"


def test_the_same_words_are_never_sealed_the_same() -> None:
    assert sealed(b"words")[-21:] != sealed(b"words")[-21:]


def test_without_the_key_it_is_named() -> None:
    with pytest.raises(BackupFailed, match=key_name(KEY)):
        opened(sealed(b"words"), new_field_key())


def test_every_change_shows() -> None:
    whole = sealed(os.urandom(2 * PIECE + 5))
    start = whole.index(b"\n", len(MAGIC)) + 1
    length = PIECE + 16
    first, second = whole[start : start + length], whole[start + length : start + 2 * length]
    last = whole[start + 2 * length :]
    header = whole[:start]
    flipped = bytearray(whole)
    flipped[start + 100] ^= 1
    for harmed in (
        bytes(flipped),
        header + second + first + last,  # moved
        header + first + last,  # one left out
        header + first + second,  # cut at a piece's end
        whole[:-1],
        whole + b"0",
        whole + last,
        header.replace(b'"salt": "', b'"salt": "0', 1) + first + second + last,
        b"something else",
        header,
        MAGIC,
    ):
        with pytest.raises(BackupFailed):
            opened(harmed)
