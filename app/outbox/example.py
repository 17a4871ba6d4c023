"""Reading the example area's mail folder: what would have been sent, to be looked at (I1).

The folder is written by the worker alone, yet what is in a mail was typed by people: everything
read here is shown as text, and only links to this installation can be followed (H7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path
from typing import NamedTuple

from app.core.clock import words_for_moment

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.eml")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_HEADER_OCTETS = 16 * 1024


class Listed(NamedTuple):
    """One mail in the list."""

    name: str
    written_at: datetime
    to: str
    subject: str


class Piece(NamedTuple):
    """A run of text; with `href` where it is a link into this installation."""

    text: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it would arrive. `entry` is the calendar entry as label and text."""

    name: str
    written_at: datetime
    sender: str
    to: str
    subject: str
    pieces: tuple[Piece, ...]
    entry: tuple[tuple[str, str], ...]
    attachments: tuple[str, ...]


def newest(folder: Path, most: int) -> list[Listed]:
    """The mails in the folder, newest first."""
    if not folder.is_dir():
        return []
    found = sorted(((path.stat().st_mtime, path) for path in folder.glob("*.eml")), reverse=True)
    return [_listed(path, written) for written, path in found[:most]]


def read(folder: Path, name: str, base_url: str) -> Mail | None:
    """One mail by its file name, or None where there is none of that name."""
    if _FILE.fullmatch(name) is None or not (folder / name).is_file():
        return None
    path = folder / name
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    body = message.get_body(("plain",))
    calendar = next(
        (part for part in message.walk() if part.get_content_type() == "text/calendar"), None
    )
    return Mail(
        name=name,
        written_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        pieces=tuple(_pieces(_words_of(body), base_url)),
        entry=_entry(calendar) if calendar is not None else (),
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
    )


def _listed(path: Path, written: float) -> Listed:
    with path.open("rb") as file:
        header = BytesHeaderParser(policy=policy.default).parsebytes(file.read(_HEADER_OCTETS))
    return Listed(
        path.name,
        datetime.fromtimestamp(written, UTC),
        str(header["To"] or ""),
        str(header["Subject"] or ""),
    )


def _pieces(text: str, base_url: str) -> Iterator[Piece]:
    start = 0
    for found in _ADDRESS.finditer(text):
        if not found[0].startswith(base_url + "/"):
            continue
        yield Piece(text[start : found.start()], None)
        yield Piece(found[0], found[0])
        start = found.end()
    yield Piece(text[start:], None)


def _words_of(part: Message | None) -> str:
    """A part's text: ours is always UTF-8, and a file that was meddled with breaks no page."""
    content = part.get_payload(decode=True) if part is not None else None
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _entry(part: Message) -> tuple[tuple[str, str], ...]:
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(_words_of(part))
        event = calendar.events[0]
        return (
            (
                "Does",
                "Puts it in the calendar" if calendar["METHOD"] == "REQUEST" else "Takes it out",
            ),
            ("Title", str(event["SUMMARY"])),
            ("Begins", _words(event.start)),
            ("Ends", _words(event.end)),
            ("Where", str(event["LOCATION"])),
            ("Notes", str(event["DESCRIPTION"])),
            ("UID", str(event["UID"])),
            ("Sequence", str(event["SEQUENCE"])),
        )
    except (ValueError, KeyError, IndexError, AttributeError):
        return (("Calendar entry", "It could not be read"),)


def _words(moment: date | datetime) -> str:
    return words_for_moment(moment) if isinstance(moment, datetime) else moment.isoformat()
