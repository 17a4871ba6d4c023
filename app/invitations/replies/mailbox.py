"""Reading a mailbox by IMAP (RFC 3501), and only reading it: nothing is marked, moved or deleted,
so that the people who read it go on as ever. How far it was read is kept by number (UID).
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from app.core.imap_address import Place

SECONDS = 20.0
# What lay there before the first reading: answers to invitations of the last days.
FIRST_LOOK = timedelta(days=7)
LARGEST = 40 * 1024 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class MailboxError(Exception):
    """The mailbox can't be read now. Says why and what to mend, without addresses or passwords."""


class Found(NamedTuple):
    """A mail in the mailbox. `raw` is its header alone where it is too large to be read here, and
    says which mail it is where the server would not hand it over."""

    uid: int
    raw: bytes
    whole: bool
    withheld: bool = False


class _Withheld(Exception):
    """The server said no to one mail."""


class Mailbox:
    """The folder, open for reading: `with Mailbox(place) as mailbox`. Raises MailboxError."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._imap: imaplib.IMAP4 | None = None
        self.uid_validity = 0

    def __enter__(self) -> Self:
        try:
            self._imap = _connected(self._place)
            self._open()
        except BaseException as error:
            self.__exit__()
            if isinstance(error, ssl.SSLError):
                raise MailboxError("The mailbox server's TLS certificate was not accepted.") from (
                    error
                )
            if isinstance(error, imaplib.IMAP4.error):
                raise MailboxError(
                    "The mailbox server does not let us in: look at the password and folder in "
                    "IMAP_URL."
                ) from error
            if isinstance(error, OSError):
                raise MailboxError("The mailbox server could not be reached.") from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._imap is not None:
            # Nothing rests on a polite farewell.
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                self._imap.logout()
            self._imap = None

    def after(self, last_uid: int | None, now: datetime, most: int) -> Iterator[Found]:
        """Mail with a higher number than `last_uid`, lowest first; without one, of the last week.

        A mail that the server does not hand over is left to a person once it hands over one behind
        it; until then it is asked for again, because nothing may be working there now. Raises
        MailboxError for that, and where the server breaks off.
        """
        try:
            withheld: list[int] = []
            for uid in self._numbers(last_uid, now)[:most]:
                try:
                    found = self._fetch(uid)
                except _Withheld:
                    withheld.append(uid)
                    continue
                if found is not None:
                    yield from map(self._named, withheld)
                    withheld = []
                    yield found
            if withheld:
                raise MailboxError("The mailbox server does not hand over a mail.")
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError("The mailbox server broke off.") from error

    def _open(self) -> None:
        imap = self._server()
        kind, _ = imap.select(_quoted(self._place.folder), readonly=True)
        if kind != "OK":
            raise imaplib.IMAP4.error("no such folder")
        _kind, held = imap.response("UIDVALIDITY")
        first = held[0] if held else None
        self.uid_validity = int(first) if isinstance(first, bytes) and first.isdigit() else 0

    def _numbers(self, last_uid: int | None, now: datetime) -> list[int]:
        if last_uid is None:
            day = now - FIRST_LOOK
            since = f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
            kind, held = self._server().uid("SEARCH", "SINCE", since)
        else:
            kind, held = self._server().uid("SEARCH", "UID", f"{last_uid + 1}:*")
        if kind != "OK":
            raise imaplib.IMAP4.error("search refused")
        numbers = [int(one) for one in (held[0] or b"").split() if one.isdigit()]
        # `7:*` finds the last mail even where its number is below 7 (RFC 3501 6.4.8).
        return sorted(one for one in numbers if last_uid is None or one > last_uid)

    def _fetch(self, uid: int) -> Found | None:
        size = self._size(uid)
        if size is None:
            return None  # deleted meanwhile, by whoever reads it there
        whole = size <= LARGEST
        # PEEK: it does not become read for the people who share the mailbox.
        kind, held = self._server().uid(
            "FETCH", str(uid), "(BODY.PEEK[])" if whole else "(BODY.PEEK[HEADER])"
        )
        raw = next((one[1] for one in held or () if isinstance(one, tuple)), None)
        if kind != "OK":
            raise _Withheld
        return None if raw is None else Found(uid, raw, whole)

    def _named(self, uid: int) -> Found:
        """In the place of a mail that was not handed over: where somebody finds it."""
        words = f"Mail {uid} of the mailbox (numbering {self.uid_validity})\r\n"
        return Found(uid, words.encode(), whole=False, withheld=True)

    def _size(self, uid: int) -> int | None:
        kind, held = self._server().uid("FETCH", str(uid), "(RFC822.SIZE)")
        text = b" ".join(one for one in held or () if isinstance(one, bytes))
        if kind != "OK":
            raise _Withheld
        found = re.search(rb"RFC822\.SIZE (\d+)", text)
        return int(found[1]) if found else None

    def _server(self) -> imaplib.IMAP4:
        if self._imap is None:
            raise MailboxError("The mailbox is not open.")
        return self._imap


def _connected(place: Place) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    imap: imaplib.IMAP4
    if place.tls == "at once":
        imap = imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=SECONDS)
    else:
        imap = imaplib.IMAP4(place.host, place.port, timeout=SECONDS)
    try:
        if place.tls == "starttls":
            imap.starttls(context)
        imap.login(place.user, place.password)
    except BaseException:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            imap.shutdown()
        raise
    return imap


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
