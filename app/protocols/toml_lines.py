"""Where each key of a TOML text stands, so that an error about a value can name its line.

The standard library's parser checks the text and gives the values but not their places. This
scan finds the places; it is written for text that the parser has accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Place = tuple[str | int, ...]

_BARE_OR_QUOTED = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:[^"\\]|\\.)*"|'
    r"'[^']*'",
    re.DOTALL,
)


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest thing around it that has one; at least 1."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return 1


def lines_of(text: str) -> dict[Place, int]:
    """The line (from 1) of every table, table-array item and key outside inline tables."""
    lines: dict[Place, int] = {}
    items: dict[Place, int] = {}
    table: Place = ()
    at = 0
    while at < len(text):
        character = text[at]
        if character in " \t\r\n":
            at += 1
        elif character == "#":
            at = _end_of_line(text, at)
        elif character == "[":
            many = text.startswith("[[", at)
            names, at_end = _names(text, at + (2 if many else 1))
            table = _inside_arrays(names, items)
            if many:
                # The last name opens a new item instead of entering the newest one.
                array = (*_inside_arrays(names[:-1], items), names[-1])
                items[array] = items.get(array, -1) + 1
                lines.setdefault(array, _line(text, at))
                table = (*array, items[array])
            lines[table] = _line(text, at)
            at = _end_of_line(text, at_end)
        else:
            names, equals = _names(text, at)
            for depth in range(1, len(names) + 1):
                lines.setdefault((*table, *names[:depth]), _line(text, at))
            at = _end_of_value(text, equals + 1)
    return lines


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _names(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """A dotted key and the place after it."""
    names: list[str] = []
    while (match := _BARE_OR_QUOTED.match(text, at)) is not None:
        name = match[1]
        names.append(name[1:-1] if name[0] in "\"'" else name)
        at = match.end()
        if not text.startswith(".", at):
            return tuple(names), at
        at += 1
    raise ValueError(f"no TOML key at line {_line(text, at)}: parse the text before scanning it")


def _inside_arrays(names: tuple[str, ...], items: Mapping[Place, int]) -> Place:
    """The place of a table header, entering the newest item of each array of tables."""
    place: Place = ()
    for name in names:
        place = (*place, name)
        if place in items:
            place = (*place, items[place])
    return place


def _end_of_value(text: str, at: int) -> int:
    """The end of the line on which a value ends, past strings, brackets and comments."""
    depth = 0
    while at < len(text):
        character = text[at]
        if character in "\"'":
            string = _STRING.match(text, at)
            if string is None:
                raise ValueError(
                    f"a string does not end at line {_line(text, at)}: "
                    "parse the text before scanning it"
                )
            at = string.end()
            continue
        if character == "#":
            at = _end_of_line(text, at)
            continue
        if character == "\n" and depth == 0:
            return at
        depth += (character in "[{") - (character in "]}")
        at += 1
    return at
