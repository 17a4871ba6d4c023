"""One finished mail, and the guard that keeps people's text out of its headers (H7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]|=\?")


class UnsafeHeader(ValueError):
    """Text that could become a header of its own."""


@dataclass(frozen=True, slots=True)
class FinishedMessage:
    """Ready bytes for one recipient; `message_id` is made when the row is written, for good."""

    recipient: str
    message_id: str
    subject: str
    content: bytes
    kind: str


def header_text(text: str) -> str:
    """The text, if it may stand in a header. Raises UnsafeHeader for CR, LF, controls and `=?`.

    An encoded word can smuggle a line break past Python's own check, hence `=?`.
    """
    if _UNSAFE.search(text):
        raise UnsafeHeader("A line break or an encoded word cannot stand in a mail header.")
    return text
