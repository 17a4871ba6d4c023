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
from uuid import uuid4

from app.core.mail import FinishedMessage, UnsafeHeader, header_text
from app.invitations.types import CalendarMethod, Desk, LetterKind
from app.invitations.wording import display_name, is_address

CALENDAR_FILE = "invite.ics"
_MARK = re.compile(rb"@(plain|html|calendar)@")
_SHARED = ("From", "Subject", "Date", "MIME-Version", "Content-Language", "Content-Type")
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
    headers: tuple[str, ...]
    parts: tuple[str, ...]

    def fill(
        self, name: str, email: str, plain: str, html: str, entry: bytes | None = None
    ) -> FinishedMessage:
        """The message for one person. Raises UnsafeHeader for an address that is none.

        The person's own header fields are parsed again before the bytes are given back: exactly
        the two that were meant, and one recipient. The others and the parts were checked when the
        frame was made; their contents are encoded, so that they can't change them.
        """
        message_id = f"<{uuid4().hex}@{self.domain}>"
        contents = {b"plain": _quoted(plain), b"html": _quoted(html)}
        if entry is not None:
            contents[b"calendar"] = _base64(entry)
        if not is_address(email):
            raise UnsafeHeader("That is not an email address that mail can be sent to.")
        own = _mailbox("To", name, email) + f"Message-ID: {message_id}\r\n".encode("ascii")
        content = own + self._filled(contents)
        # Only these two differ from what was checked when the frame was made.
        header = _HEADERS.parsebytes(own + b"\r\n")
        if header.keys() != ["To", "Message-ID"] or email not in str(header["To"]):
            raise UnsafeHeader(_NOT_AS_MEANT)
        return FinishedMessage(email, message_id, self.subject, content, self.kind.value)

    def _filled(self, contents: dict[bytes, bytes]) -> bytes:
        return b"".join(
            contents[piece] if place % 2 else piece for place, piece in enumerate(self.pieces)
        )

    def check(self) -> None:
        """Raises UnsafeHeader where the frame does not parse into the header fields and the parts
        it is meant to have."""
        sample = self._filled(dict.fromkeys((b"plain", b"html", b"calendar"), b"QQ=3D=3D"))
        whole = _PARTS.parsebytes(sample)
        parts = list(whole.walk())
        if (
            tuple(sorted(whole.keys())) != self.headers
            or tuple(part.get_content_type() for part in parts) != self.parts
            or any(part.defects for part in parts)
        ):
            raise UnsafeHeader(_NOT_AS_MEANT)


def frame(
    kind: LetterKind,
    desk: Desk,
    subject: str,
    now: datetime,
    method: CalendarMethod | None = None,
) -> Frame:
    """The frame of a message from the desk; with a calendar entry where there is a method."""
    if not is_address(desk.email):
        raise UnsafeHeader("The desk's address is not an email address: mend it in the settings.")
    message = Message(policy=_CRLF)
    message["Subject"] = header_text(subject)
    message["Date"] = format_datetime(now)
    message["MIME-Version"] = "1.0"
    message["Content-Language"] = "en-GB"
    extra: tuple[str, ...] = ()
    if kind is LetterKind.CODE:
        # RFC 3834: no holiday answer to a code. To an invitation such an answer is welcome.
        message["Auto-Submitted"] = "auto-generated"
        extra = ("Auto-Submitted",)
    alternatives = [
        _part('text/plain; charset="utf-8"', "quoted-printable", "plain"),
        _part('text/html; charset="utf-8"', "quoted-printable", "html"),
    ]
    if method is None:
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
    made = Frame(
        kind=kind,
        subject=subject,
        domain=desk.email.rpartition("@")[2],
        pieces=tuple(_MARK.split(_mailbox("From", desk.name, desk.email) + message.as_bytes())),
        headers=tuple(sorted((*_SHARED, *extra))),
        parts=tuple(parts),
    )
    made.check()
    return made


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
