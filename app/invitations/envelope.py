"""MIME messages of D1. The frame is made once by the standard library, with a mark where each
part's content goes; for each person the contents, To and Message-ID are put in.

Contents are quoted-printable or base64 and the boundary begins with `=_`, so that no content can
ever look like a boundary.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import format_datetime
from functools import cache
from uuid import uuid4

from app.core.mail import FinishedMessage, UnsafeHeader, header_text
from app.invitations.types import CalendarMethod, Desk, LetterKind
from app.invitations.wording import display_name, is_address

CALENDAR_FILE = "invite.ics"
_MARK = re.compile(rb"@(plain|html|calendar|file)@")
ENCLOSED = "record.pdf"
# The plain policy: what is put in is ASCII of our own making, and structured headers take ten times
# as long.
_CRLF = policy.compat32.clone(linesep="\r\n")
_PARTS = BytesParser(policy=policy.compat32)
_HEADERS = BytesHeaderParser(policy=policy.compat32)
_NOT_AS_MEANT = "A message did not come out as it was meant, so it is not queued."


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything of a message that is the same for each of its recipients."""

    kind: LetterKind
    subject: str
    domain: str
    pieces: tuple[bytes, ...]  # bytes, name of a part, bytes, name of a part, ..., bytes

    def fill(
        self,
        name: str,
        email: str,
        plain: str,
        html: str,
        entry: bytes | None = None,
        file: bytes | None = None,
    ) -> FinishedMessage:
        """The message for one person. Raises UnsafeHeader for an address that is none.

        The person's own header fields are parsed again before the bytes are given back: exactly
        the two that were meant, and one recipient. The others and the parts are checked as the
        frame is made; their contents are encoded, so that they can't change them.
        """
        message_id = f"<{uuid4().hex}@{self.domain}>"
        contents = {b"plain": _quoted(plain), b"html": _quoted(html)}
        if entry is not None:
            contents[b"calendar"] = _base64(entry)
        if file is not None:
            contents[b"file"] = _base64(file)
        if not is_address(email):
            raise UnsafeHeader("That is not an email address that mail can be sent to.")
        own = _mailbox("To", name, email) + f"Message-ID: {message_id}\r\n".encode("ascii")
        content = own + self._filled(contents)
        # Only these two differ from what is checked with the frame.
        header = _HEADERS.parsebytes(own + b"\r\n")
        if header.keys() != ["To", "Message-ID"] or email not in str(header["To"]):
            raise UnsafeHeader(_NOT_AS_MEANT)
        return FinishedMessage(email, message_id, self.subject, content, self.kind.value)

    def _filled(self, contents: dict[bytes, bytes]) -> bytes:
        return b"".join(
            contents[piece] if place % 2 else piece for place, piece in enumerate(self.pieces)
        )


def frame(
    kind: LetterKind,
    desk: Desk,
    subject: str,
    now: datetime,
    method: CalendarMethod | None = None,
    *,
    enclosed: bool = False,
) -> Frame:
    """The frame of a message from the desk; with a calendar entry where there is a method, and a
    PDF of a fixed name (D2) where one is `enclosed`."""
    if not is_address(desk.email):
        raise UnsafeHeader("The desk's address is not an email address: mend it in the settings.")
    blank = _blank(kind, method, enclosed)
    own = Message(policy=_CRLF)
    own["Subject"] = header_text(subject)
    own["Date"] = format_datetime(now)
    header = own.as_bytes().removesuffix(b"\r\n")
    found = _HEADERS.parsebytes(header + b"\r\n")
    if found.keys() != ["Subject", "Date"]:
        raise UnsafeHeader(_NOT_AS_MEANT)
    before = _mailbox("From", desk.name, desk.email) + header + blank[0]
    return Frame(
        kind=kind,
        subject=subject,
        domain=desk.email.rpartition("@")[2],
        pieces=(before, *blank[1:]),
    )


@cache
def _blank(kind: LetterKind, method: CalendarMethod | None, enclosed: bool) -> tuple[bytes, ...]:
    """Fields and parts of every letter of a kind: bytes, name of a part, bytes, ..., bytes.

    Made by the standard library, parsed again and compared with what was meant, once. The
    boundaries stay the same as long as the process lives: no encoded content can hold one.
    """
    message = Message(policy=_CRLF)
    message["MIME-Version"] = "1.0"
    message["Content-Language"] = "en-GB"
    headers = ["Content-Language", "Content-Type", "MIME-Version"]
    if kind is LetterKind.CODE:
        # RFC 3834: no holiday answer to a code. To an invitation such an answer is welcome.
        message["Auto-Submitted"] = "auto-generated"
        headers.insert(0, "Auto-Submitted")
    alternatives = [
        _part('text/plain; charset="utf-8"', "quoted-printable", "plain"),
        _part('text/html; charset="utf-8"', "quoted-printable", "html"),
    ]
    if enclosed:
        file = _part(f'application/pdf; name="{ENCLOSED}"', "base64", "file")
        file["Content-Disposition"] = f'attachment; filename="{ENCLOSED}"'
        inner = Message(policy=_CRLF)
        _multipart(inner, "alternative", alternatives)
        _multipart(message, "mixed", [inner, file])
        parts = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html",
                 "application/pdf"]  # fmt: skip
    elif method is None:
        _multipart(message, "alternative", alternatives)
        parts = ["multipart/alternative", "text/plain", "text/html"]
    else:
        calendar = _part(
            f"text/calendar; charset=utf-8; method={method.value}", "base64", "calendar"
        )
        calendar["Content-Disposition"] = "inline"
        attached = _part(f'application/ics; name="{CALENDAR_FILE}"', "base64", "calendar")
        attached["Content-Disposition"] = f'attachment; filename="{CALENDAR_FILE}"'
        inner = Message(policy=_CRLF)
        _multipart(inner, "alternative", [*alternatives, calendar])
        _multipart(message, "mixed", [inner, attached])
        parts = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html",
                 "text/calendar", "application/ics"]  # fmt: skip
    whole = _PARTS.parsebytes(_MARK.sub(b"QQ=3D=3D", message.as_bytes()))
    found = list(whole.walk())
    if (
        sorted(whole.keys()) != headers
        or [part.get_content_type() for part in found] != parts
        or any(part.defects for part in found)
    ):
        raise UnsafeHeader(_NOT_AS_MEANT)
    return tuple(_MARK.split(message.as_bytes()))


def _part(content_type: str, encoding: str, mark: str) -> Message:
    part = Message(policy=_CRLF)
    part["Content-Type"] = content_type
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(f"@{mark}@")
    return part


def _multipart(message: Message, subtype: str, parts: list[Message]) -> None:
    message["Content-Type"] = f'multipart/{subtype}; boundary="=_{secrets.token_hex(12)}"'
    for part in parts:
        message.attach(part)


def _quoted(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").encode()
    encoded = binascii.b2a_qp(lines, istext=True, header=False)
    return encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n").rstrip(b"\r\n")


def _mailbox(field: str, name: str, email: str) -> bytes:
    """A From or To. Either one quoted string or nothing but encoded words: a display name holds no
    quote and no backslash, and Python 3.11's own way folds some names into other addresses."""
    shown = display_name(name)
    if not shown:
        written = f"<{email}>"
    elif shown.isascii():
        written = f'"{shown}"\r\n <{email}>'
    else:
        words = Header(shown, "utf-8", header_name=field).encode(linesep="\r\n")
        written = f"{words}\r\n <{email}>"
    return f"{field}: {written}\r\n".encode("ascii")
