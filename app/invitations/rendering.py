"""A letter as blocks, written twice from the same blocks: as plain text and as HTML.

HTML for mail programs: one column, styles on the elements, no picture, nothing fetched. Every
word goes through `escape` (H7).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

_FONT = "font-family:Arial,Helvetica,sans-serif;color:#0b0c0c;"
_TEXT = f"{_FONT}font-size:16px;line-height:24px;margin:0 0 16px 0;"
_HEAD = f"{_FONT}font-size:20px;line-height:26px;font-weight:bold;margin:24px 0 8px 0;"
_CELL = f"{_FONT}font-size:16px;line-height:24px;padding:6px 12px 6px 0;vertical-align:top;"
_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Text:
    words: str


@dataclass(frozen=True, slots=True)
class Heading:
    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of label and value."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Steps:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Large:
    """A code, to be read and typed."""

    words: str


Block = Text | Heading | Facts | Steps | Link | Large


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
            '<meta name="color-scheme" content="light">\n'
            f"<title>{escape(title)}</title>\n</head>\n"
            '<body style="margin:0;padding:0;background-color:#ffffff;">\n'
            '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">\n'
            '<tr><td style="padding:24px 16px;">\n'
            '<table role="presentation" align="left" width="100%" cellpadding="0" cellspacing="0" '
            'border="0" style="max-width:600px;">\n<tr><td>\n'
            f"{body}\n"
            "</td></tr>\n</table>\n</td></tr>\n</table>\n</body>\n</html>\n"
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
            return "\n".join(f"{label + ':':<{width}}{value}" for label, value in rows)
        case Steps(lines):
            return "\n".join(
                _wrapped(line, f"{number}. ") for number, line in enumerate(lines, start=1)
            )
        case Link(words, href):
            return f"{words}:\n{href}"
        case Large(words):
            return f"    {words}"


def _wrapped(words: str, first: str = "") -> str:
    return textwrap.fill(
        words,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _html(block: Block) -> str:
    match block:
        case Text(words):
            return f'<p style="{_TEXT}">{escape(words)}</p>'
        case Heading(words):
            return f'<h2 style="{_HEAD}">{escape(words)}</h2>'
        case Facts(rows):
            return (
                '<table cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px 0;">\n'
                + "\n".join(
                    f'<tr><th scope="row" align="left" style="{_CELL}">{escape(label)}</th>'
                    f'<td style="{_CELL}">{escape(value)}</td></tr>'
                    for label, value in rows
                )
                + "\n</table>"
            )
        case Steps(lines):
            items = "\n".join(
                f'<li style="{_FONT}font-size:16px;line-height:24px;margin:0 0 6px 0;">'
                f"{escape(line)}</li>"
                for line in lines
            )
            return f'<ol style="margin:0 0 16px 0;padding:0 0 0 24px;">\n{items}\n</ol>'
        case Link(words, href):
            # A cell carries the colour: Outlook gives a link no padding of its own.
            return (
                '<table role="presentation" cellpadding="0" cellspacing="0" border="0" '
                'style="margin:0 0 16px 0;">\n<tr><td bgcolor="#0b5a60" '
                'style="background-color:#0b5a60;padding:12px 20px;">'
                f'<a href="{escape(href)}" style="{_FONT}font-size:18px;line-height:24px;'
                f'font-weight:bold;color:#ffffff;text-decoration:underline;">{escape(words)}</a>'
                "</td></tr>\n</table>"
            )
        case Large(words):
            return (
                f'<p style="{_FONT}font-size:32px;line-height:40px;font-weight:bold;'
                f'letter-spacing:4px;margin:0 0 16px 0;">{escape(words)}</p>'
            )
