"""A letter as blocks, written twice from the same blocks: as plain text and as HTML.

HTML for mail programs: one column, no picture, nothing fetched. Every word goes through `escape`
(H7).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

# In the head, once: a letter is stored encrypted and sent twelve times, so its size is its cost. A
# program that drops it shows the same words in its own face.
_STYLE = (
    "body,p,td,th,h2{font-family:Arial,Helvetica,sans-serif;color:#0b0c0c;"
    "font-size:16px;line-height:24px}"
    "p{margin:0 0 16px}h2{font-size:20px;margin:24px 0 8px}"
    "th,td{text-align:left;vertical-align:top}.f th,.f td{padding:6px 0 6px 16px}"
    ".f{margin:0 0 20px;background:#f3f2f1}.f td{padding-right:16px}.b{margin:0 0 20px}"
    ".c{font-size:32px;line-height:40px;letter-spacing:4px}"
)
_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Text:
    words: str


@dataclass(frozen=True, slots=True)
class Heading:
    words: str


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number, dialled by one touch where `uri` is given (RFC 3966)."""

    words: str
    uri: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of label and value."""

    rows: tuple[tuple[str, str | Number], ...]


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Large:
    """A code, to be read and typed."""

    words: str


Block = Text | Heading | Facts | Link | Large


class Rendering:
    """Writes letters that have most blocks in common: each distinct block is written once."""

    def __init__(self) -> None:
        self._texts: dict[Block, str] = {}
        self._htmls: dict[Block, str] = {}

    def as_text(self, blocks: Sequence[Block]) -> str:
        """Plain text; a link stands on a line of its own and is never broken."""
        return "\n\n".join(_once(self._texts, _text, block) for block in blocks) + "\n"

    def as_html(self, title: str, blocks: Sequence[Block]) -> str:
        """A whole HTML document."""
        body = "\n".join(_once(self._htmls, _html, block) for block in blocks)
        return (
            '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
            '<body style="margin:0;background:#ffffff">\n'
            '<table role="presentation" width="600" cellpadding="16" cellspacing="0" border="0" '
            'style="width:100%;max-width:600px">\n<tr><td>\n'
            f"{body}\n</td></tr>\n</table>\n</body>\n</html>\n"
        )


def _once(written: dict[Block, str], write: Callable[[Block], str], block: Block) -> str:
    if block not in written:
        written[block] = write(block)
    return written[block]


def _text(block: Block) -> str:
    match block:
        case Text(words):
            return _wrapped(words)
        case Heading(words):
            return f"{words}\n{'-' * len(words)}"
        case Facts(rows):
            width = max(len(label) for label, _ in rows) + 2
            return "\n".join(
                f"{label + ':':<{width}}{value.words if isinstance(value, Number) else value}"
                for label, value in rows
            )
        case Link(words, href):
            return f"{words}:\n{href}"
        case Large(words):
            return f"    {words}"


# Most paragraphs are the same in every letter, and filling their lines is half of writing one.
@lru_cache(maxsize=256)
def _wrapped(words: str) -> str:
    lines = textwrap.fill(words, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines.replace("\u00a0", " ")


def unbroken(words: str) -> str:
    """The words, which a line is not to break: a telephone number, a time."""
    return words.replace(" ", "\u00a0")


def _html(block: Block) -> str:
    match block:
        case Text(words):
            return f"<p>{escape(words)}</p>"
        case Heading(words):
            return f"<h2>{escape(words)}</h2>"
        case Facts(rows):
            return (
                '<table class="f" cellpadding="0" cellspacing="0" border="0">\n'
                + "\n".join(
                    f'<tr><th scope="row">{escape(label)}</th><td>{_value(value)}</td></tr>'
                    for label, value in rows
                )
                + "\n</table>"
            )
        case Link(words, href):
            # A cell carries the colour, and in Outlook the room round the words, which gives a
            # link none of its own; elsewhere the whole button can be pressed.
            return (
                '<table class="b" role="presentation" cellpadding="0" cellspacing="0" border="0">'
                '\n<tr><td bgcolor="#0b5a60" style="background:#0b5a60;mso-padding-alt:12px 20px">'
                f'<a href="{escape(href)}" style="display:inline-block;padding:12px 20px;'
                "mso-padding-alt:0;color:#ffffff;font-size:18px;font-weight:bold;"
                f'text-decoration:none">{escape(words)}</a></td></tr>\n</table>'
            )
        case Large(words):
            return f'<p class="c"><b>{escape(words)}</b></p>'


def _value(value: str | Number) -> str:
    if not isinstance(value, Number):
        return escape(value)
    words = escape(unbroken(value.words))
    return words if value.uri is None else f'<a href="{escape(value.uri)}">{words}</a>'
