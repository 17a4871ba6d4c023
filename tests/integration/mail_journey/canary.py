"""What must never leave the house or stand in a log, and how to find it however it is written."""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from urllib.parse import unquote_plus

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_FOLD = re.compile(r"\r?\n[ \t]")
_TAG = re.compile(r"<[^>]*>")
_PACKED_LINES = re.compile(
    r"^(?:(?:[A-Za-z0-9+/]{76}\r?\n)+[A-Za-z0-9+/]*|[A-Za-z0-9+/]{16,})={0,2}\r?$", re.MULTILINE
)
_BROKEN_LINE = re.compile(r"=\r?\n")  # quoted-printable
_PACKED = (re.compile(r"[A-Za-z0-9+/]{16,}"), re.compile(r"[A-Za-z0-9_-]{16,}"))

# The kind of work must not be named, wherever it stands (D2), nor what it is about.
FORBIDDEN = (
    "child protection",
    "strategy discussion",
    "strategy meeting",
    "section 47",
    "significant harm",
    "safeguarding",
)


class Canary:
    """The words of one case. Each part of a name is looked for by itself, and the initials."""

    def __init__(
        self,
        names: Iterable[tuple[str, str]],
        births: Iterable[date],
        words: Iterable[str],
        forbidden: Iterable[str] = FORBIDDEN,
    ) -> None:
        names = list(names)
        self._in_small_letters = [
            *((f"name {part}", _loose(part)) for pair in names for part in pair),
            *((f"born {each}", _loose(each)) for born in births for each in spellings(born)),
            *((f"words {each}", _loose(each)) for each in (*words, *forbidden)),
        ]
        self._as_written = [(f"initials of {' '.join(pair)}", _initials(*pair)) for pair in names]

    def found_in(self, text: str) -> list[str]:
        """Each thing of the case that this text holds, in words."""
        plain = _flat(text)
        small = plain.casefold()
        found = {said for said, pattern in self._in_small_letters if pattern.search(small)}
        # Two letters come up sooner or later in what is packed, and at the start of a line where
        # a link was broken to travel; what it says is searched unpacked.
        plain = _flat(_BROKEN_LINE.sub("", _PACKED_LINES.sub("", text)))
        return sorted(found | {said for said, each in self._as_written if each.search(plain)})


def readable(content: bytes) -> str:
    """What a person or a program reads in a message: all headers and all parts, decoded, folded
    lines joined, and whatever is packed in base64 within them."""
    message = message_from_bytes(content, policy=policy.default)
    found = []
    for part in message.walk():
        found += [str(make_header(decode_header(str(raw)))) for _, raw in part.raw_items()]
        found += [f"{name}: {value}" for name, value in part.items()]
        found += [part.get_filename() or "", part.preamble or "", part.epilogue or ""]
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found.append(payload.decode("utf-8", "replace"))
    text = _FOLD.sub("", "\n".join(found))
    return "\n".join([text, *_unpacked(text)])


def decoded(content: bytes) -> str:
    """Every word of a message, as it is read and as it travels."""
    return readable(content) + "\n" + content.decode("utf-8", "replace")


def spellings(born: date) -> list[str]:
    """How a date of birth is written. A blank stands for anything that may stand between."""
    day, month, year = born.day, born.month, born.year
    teens = 11 <= day <= 13
    ordinal = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return [
        f"{day} {month} {year}",
        f"{day:02} {month:02} {year}",
        f"{year} {month:02} {day:02}",
        f"{day} {born:%b} {year}",
        f"{day}{ordinal} {born:%B} {year}",
        f"{day} {born:%B} {year}",
        f"{born:%B} {day} {year}",
        f"{born:%B} {year}",
        f"{born:%Y%m%d}",
        f"{born:%d%m%Y}",
        f"{born:%d%m%y}",
        *(f"{born:%d}{between}{born:%m}{between}{born:%y}" for between in "/.-"),
    ]


def _flat(text: str) -> str:
    """The text as a person reads it: entities and percent signs resolved, tags gone, folded lines
    joined, blanks of one kind."""
    shown = html.unescape(text)
    found = [text, shown, unquote_plus(text), _TAG.sub("", shown), _TAG.sub(" ", shown)]
    found += [_FOLD.sub("", text), _FOLD.sub(" ", text)]
    whole = unicodedata.normalize("NFKC", "\n".join(dict.fromkeys(found)))
    return " ".join(_INVISIBLE.sub("", whole).split())


def _unpacked(text: str) -> Iterator[str]:
    for alphabet in _PACKED:
        for block in alphabet.findall(text):
            whole = block[:-1] if len(block) % 4 == 1 else block
            packed = whole.replace("+", "-").replace("/", "_") + "=" * (-len(whole) % 4)
            unpacked = base64.urlsafe_b64decode(packed).decode("utf-8", "replace")
            if _is_writing(unpacked):
                yield unpacked


def _is_writing(text: str) -> bool:
    """Random tokens unpack to noise, in which any two letters come up sooner or later."""
    noise = sum(
        (not char.isprintable() and not char.isspace()) or char == "\ufffd" for char in text
    )
    return noise * 10 <= len(text)


def _loose(words: str) -> re.Pattern[str]:
    """With anything between the words; a name is also found within another word."""
    inner = r"[\W_]{1,3}".join(re.escape(word) for word in words.casefold().split())
    if words[0].isdigit():
        inner = rf"(?<!\d){inner}(?!\d)"
    return re.compile(inner)


def _initials(given: str, family: str) -> re.Pattern[str]:
    """X.Q., XQ, X Q and Q.X.: capitals that stand by themselves."""
    one, other, between = re.escape(given[0]), re.escape(family[0]), "[.,]?[ ]?"
    either = rf"(?:{one}{between}{other}|{other}{between}{one})"
    return re.compile(rf"(?<![A-Za-z0-9_-]){either}(?![A-Za-z0-9_-])")
