"""From the bytes of a mail to what it says (D6). Whatever comes in, something comes out: what can't
be read is of kind UNREADABLE and goes to a person.

Everything is done with the plain policy of the standard library: its newer one raises on some
headers that broken programs and ill-meaning people send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses
from html import unescape

from app.invitations.replies import calendars, delivery_reports
from app.invitations.replies.types import CalendarAnswer, MailKind, MailRead
from app.invitations.wording import one_line

LONGEST_TEXT = 20_000
LONGEST_LINE = 300
MOST_PARTS = 200
MOST_IDS = 40
MOST_FILES = 20
# More of it than any program writes, and the library takes minutes to go through it.
MOST_HEADERS, MOST_MULTIPARTS, MOST_PARAMETERS = 500, 20, 100
MOST_DIVIDERS = 5_000
LONGEST_HEADER, LONGEST_HEAD = 8_000, 256 * 1024
# RFC 5322 3.6.4 allows more than this; what we send ourselves looks so.
MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>")
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
_SIGNATURES = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
    }
)
# What programs put into a subject themselves where they leave out Auto-Submitted.
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(automatic reply|auto(matic)?[ -]?(reply|response)|autoreply|out of (the )?office)\b",
    re.IGNORECASE,
)
_PARSER = BytesParser(policy=policy.compat32)
_HEAD = re.compile(rb"\r?\n\r?\n")
_CONTENT_HEADER = re.compile(
    rb"^content-(?:type|disposition):([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)


def read_mail(raw: bytes) -> MailRead:
    """What a mail says. Never raises: a mail that breaks the reading is UNREADABLE."""
    try:
        return _read(raw)
    except Exception:
        # Strangers write these bytes, and the libraries below raise many kinds of error.
        return MailRead(MailKind.UNREADABLE)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text as it can be kept: line breaks and tabs, no other control characters, no half
    characters, cut at `longest`."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    kept = "".join(one for one in whole if one in "\n\t" or one.isprintable() or one == "\u00a0")
    return kept.strip()[:longest]


def _read(raw: bytes) -> MailRead:
    if _is_overdone(raw):
        return MailRead(MailKind.UNREADABLE)
    message = _PARSER.parsebytes(raw)
    ids = _ids(message, "Message-ID")
    read = MailRead(
        kind=MailKind.UNREADABLE,
        message_id=ids[0] if ids else "",
        sender=_sender(message),
        subject=one_line(_header(message, "Subject"))[:LONGEST_LINE],
        answers_to=_ids(message, "In-Reply-To") + _ids(message, "References"),
    )
    parts = [part for part, _ in zip(message.walk(), range(MOST_PARTS), strict=False)]
    words = _words(parts)
    kind, report = delivery_reports.report_in(message, parts)
    calendar: CalendarAnswer | None = None
    # A report comes with the message that it is about, which nobody sent along.
    files = _files(parts) if kind is None else ()
    if kind is None:
        method, calendar = _calendar(parts)
        kind = {"REPLY": MailKind.ANSWER, "COUNTER": MailKind.COUNTER}.get(method)
    if kind is None:
        broken = not raw.strip() or not (read.sender or read.subject or words)
        kind = (
            MailKind.UNREADABLE
            if broken
            else MailKind.AUTOMATIC
            if _is_automatic(message, read.subject)
            else MailKind.WRITTEN
        )
    return MailRead(
        kind=kind,
        message_id=read.message_id,
        sender=read.sender,
        subject=read.subject,
        words=words,
        answers_to=tuple(dict.fromkeys(read.answers_to))[:MOST_IDS],
        files=files,
        calendar=calendar,
        report=report,
    )


def _is_overdone(raw: bytes) -> bool:
    """Whether a mail has more parts and parameters than it is worth to take apart: a person reads
    the original."""
    if raw.count(b"\n--") > MOST_DIVIDERS:
        return True
    head = _HEAD.search(raw)
    if (head.start() if head else len(raw)) > LONGEST_HEAD:
        return True
    headers = multiparts = 0
    for found in _CONTENT_HEADER.finditer(raw):
        value = found[1]
        headers += 1
        multiparts += value.strip()[:10].lower() == b"multipart/"
        if len(value) > LONGEST_HEADER or value.count(b";") > MOST_PARAMETERS:
            return True
    return headers > MOST_HEADERS or multiparts > MOST_MULTIPARTS


def _calendar(parts: list[Message]) -> tuple[str, CalendarAnswer | None]:
    """The method and content of the first calendar part that answers; Google sends two alike."""
    for part in parts:
        name = _file_name(part).lower()
        if part.get_content_type() not in _CALENDAR_TYPES and not name.endswith(".ics"):
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        labelled = part.get_param("method")
        method, answer = calendars.answer_in(
            content,
            part.get_content_charset(),
            labelled if isinstance(labelled, str) else "",
        )
        if method in ("REPLY", "COUNTER"):
            return method, answer
    return "", None


def _is_automatic(message: Message, subject: str) -> bool:
    """RFC 3834 5, and what was usual before it."""
    submitted = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    return (
        submitted != "no"
        # "bulk" and "junk" stand in what people write, too, by way of a list or a gateway.
        or precedence == "auto_reply"
        or "X-Autoreply" in message
        or "X-Autorespond" in message
        or str(message.get("Return-Path", "")).strip() == "<>"
        or _AUTOMATIC_SUBJECT.match(subject) is not None
    )


def _sender(message: Message) -> str:
    """The address in From, where there is exactly one From with exactly one address."""
    headers = [str(value) for value in message.get_all("From", [])]
    if len(headers) != 1 or len(headers[0]) > LONGEST_HEADER:
        return ""
    found = [address for _name, address in getaddresses(headers) if address]
    if len(found) != 1 or found[0].count("@") != 1 or not found[0].isprintable():
        return ""
    return found[0].strip().lower()


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))[:LONGEST_HEADER]
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):  # an encoding that nobody knows, a broken encoded word
        return value


def _ids(message: Message, name: str) -> tuple[str, ...]:
    text = " ".join(str(value) for value in message.get_all(name, []))
    return tuple(MESSAGE_ID.findall(text[: MOST_IDS * 260]))[:MOST_IDS]


def _file_name(part: Message) -> str:
    name = part.get_filename()
    return one_line(str(name))[:LONGEST_LINE] if name else ""


def _files(parts: list[Message]) -> tuple[str, ...]:
    return tuple(
        clean(_file_name(part), LONGEST_LINE) or part.get_content_type()
        for part in parts
        if _is_file(part)
    )[:MOST_FILES]


def _is_file(part: Message) -> bool:
    """Whether somebody sent it along."""
    kind, name = part.get_content_type(), _file_name(part).lower()
    attached = part.get_content_disposition() == "attachment"
    if kind in _CALENDAR_TYPES or kind in _SIGNATURES or name.endswith(".ics"):
        return False
    if kind == "message/rfc822":
        return True
    if part.is_multipart() or (kind.startswith("image/") and "Content-ID" in part):
        return False  # a picture inside the text, such as a logo
    return attached or bool(name)


def _words(parts: list[Message]) -> str:
    """What was written: the plain text, else the words of the HTML."""
    for wanted in ("text/plain", "text/html"):
        for text in _texts(parts, wanted):
            return text
    return ""


def _texts(parts: list[Message], wanted: str) -> Iterator[str]:
    for part in parts:
        if part.is_multipart() or part.get_content_type() != wanted or _file_name(part):
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        text = _decoded(content[: LONGEST_TEXT * 8], part.get_content_charset())
        text = clean(_without_markup(text) if wanted == "text/html" else text)
        if text:
            yield text


def _decoded(content: bytes, charset: str | None) -> str:
    for name in (charset or "utf-8", "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


_OPENS = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_SILENT = {one: re.compile(f"</{one}", re.IGNORECASE) for one in ("script", "style", "title")}
_BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3"})


def _without_markup(markup: str) -> str:
    """The words of a page; what stands in a script or a style is none.

    Each character is looked at once: the parser of the standard library goes through the rest of
    the page again for each tag that does not end, and a mail of 40 KB would hold the worker up for
    half a minute.
    """
    found: list[str] = []
    at = look = 0
    while (begins := markup.find("<", look)) >= 0:
        opens = _OPENS.match(markup, begins)
        comment = markup.startswith("<!--", begins)
        if not opens and not comment and markup[begins + 1 : begins + 2] not in ("!", "?", "/"):
            look = begins + 1  # it opens nothing: a word like any other
            continue
        found.append(_shown(markup[at:begins]))
        ends, mark = begins, "-->" if comment else ">"
        if opens and (name := opens[2].lower()) in _SILENT and not opens[1]:
            closes = _SILENT[name].search(markup, begins)
            ends = closes.start() if closes else -1
        elif opens and name in _BREAKS and not opens[1]:
            found.append("\n")
        ends = markup.find(mark, ends) if ends >= 0 else -1
        if ends < 0:
            at = len(markup)  # what never ends says nothing
            break
        at = look = ends + len(mark)
    found.append(_shown(markup[at:]))
    lines = (" ".join(line.split()) for line in "".join(found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _shown(text: str) -> str:
    words = unescape(text)
    return " ".join(words.split()) + " " if words.strip() else ""


_QUOTED = re.compile(
    r"^(>|-{2,}\s*original (message|appointment)|_{10,}|from:\s|sent from my |on .{5,200} wrote:)",
    re.IGNORECASE,
)


def own_words(text: str, longest: int = 500) -> str:
    """What somebody wrote above the message that they quote."""
    kept = []
    for line in text.split("\n"):
        if _QUOTED.match(line.strip()):
            break
        kept.append(line)
    return "\n".join(kept).strip()[:longest]
