"""From the bytes of a list to checked lines, each mistake named by its line: pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TypeVar

from app.core.refusal import Refused
from app.directory import rules
from app.directory.imports.types import COLUMNS, NEEDED, ReadFile, ReadLine, Row
from app.directory.types import AgencyKind, ProfessionalRole

Named = TypeVar("Named", AgencyKind, ProfessionalRole)
MOST_BYTES = 1024 * 1024
MOST_LINES = 2000
LONGEST_CELL = 200
# What a spreadsheet would run as a formula when the list is opened there again (H7).
_FORMULA = re.compile(r"^[=+\-@|%\t\r]")
_INTERNATIONAL = re.compile(r"^\+\d[\d\s()./-]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_YES = frozenset({"yes", "y", "true", "1", "x"})
_NO = frozenset({"no", "n", "false", "0"})
_OTHER_NAMES = {
    "organisation": "agency",
    "phone": "telephone",
    "mail": "email",
    "e_mail": "email",
    "job_title": "title",
    "decides": "decision_maker",
    "working_days": "days",
    "until": "to",
    "leaver": "left",
}


def read(content: bytes) -> ReadFile:
    """The lines of a list in CSV, with commas, semicolons or tabs between.

    UTF-8, UTF-16 and what Excel on Windows writes are understood. Raises Refused (field `file`)
    where nothing can be read; a mistake in one line stands with that line.
    """
    text, encoding = _decoded(content)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns = _columns(rows)
    lines: list[ReadLine] = []
    while True:
        start = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            break
        except csv.Error:
            # Where the quotes do not close, nothing after them can be told apart.
            lines.append(ReadLine(start, {}, "A quotation mark is not closed: mend it and what "
                                             "follows is read as well"))  # fmt: skip
            break
        if any(cell.strip() for cell in cells):
            lines.append(_line(start, columns, cells))
        if len(lines) > MOST_LINES:
            raise Refused("file", f"The list has more than {MOST_LINES:,} lines: split it")
    if not lines:
        raise Refused("file", "The list has no line below its headings")
    return ReadFile(encoding, tuple(lines))


def checked(cells: dict[str, str]) -> Row:
    """One line as checked. Raises Refused that says what to do; `field` is the column."""
    for column in NEEDED:
        if not cells.get(column):
            raise Refused(column, f"The {column} is missing")
    email, telephone = cells.get("email", ""), cells.get("telephone", "")
    days, opens, closes = cells.get("days", ""), cells.get("from", ""), cells.get("to", "")
    worked = rules.working_hours(rules.days_from(days) if days else "", opens, closes)
    return Row(
        agency=cells["agency"],
        kind=_named(AgencyKind, cells.get("kind", ""), "kind", "kind of agency"),
        name=cells["name"],
        role=_named(ProfessionalRole, cells.get("role", ""), "role", "role"),
        title=cells.get("title") or None,
        email=rules.normal_email(email) if email else None,
        telephone=rules.normal_telephone(telephone) if telephone else None,
        team=_yes_or_no(cells, "team"),
        decision_maker=_yes_or_no(cells, "decision_maker"),
        days=worked[0] or None,
        opens=worked[1],
        closes=worked[2],
        left=bool(_yes_or_no(cells, "left")),
    )


def _decoded(content: bytes) -> tuple[str, str]:
    if len(content) > MOST_BYTES:
        raise Refused("file", "The file is larger than 1 MB: split the list")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Refused("file", "This is a workbook: save the sheet as CSV and choose that file")
    tried: tuple[tuple[str, str], ...] = (("utf-8-sig", "UTF-8"), ("cp1252", "Windows text"))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        tried = (("utf-16", "UTF-16"), *tried)
    for name, words in tried:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, words
    raise Refused("file", "This is no list of text: save the sheet as “CSV UTF-8”")


def _delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(rows: Iterator[list[str]]) -> list[str]:
    try:
        heading = next((row for row in rows if any(cell.strip() for cell in row)), [])
    except csv.Error:
        heading = []
    columns = [_column(cell) for cell in heading]
    unknown = [cell.strip() for cell, name in zip(heading, columns, strict=True)
               if name not in COLUMNS and cell.strip()]  # fmt: skip
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise Refused("file", "The first line names the columns: " + ", ".join(COLUMNS))
    if unknown:
        raise Refused(
            "file",
            f"There is no column “{unknown[0][:40]}”: leave it out, or name it one of "
            + ", ".join(COLUMNS),
        )
    twice = [name for name in columns if name and columns.count(name) > 1]
    if twice:
        raise Refused("file", f"The column {twice[0]} stands there twice: keep one")
    return columns


def _column(heading: str) -> str:
    name = re.sub(r"[\s-]+", "_", heading.strip().lower())
    return _OTHER_NAMES.get(name, name)


def _line(number: int, columns: list[str], cells: list[str]) -> ReadLine:
    found: dict[str, str] = {}
    if len([cell for cell in cells if cell.strip()]) > len(columns):
        return ReadLine(number, {}, "There are more cells than headings: put quotation marks "
                                    "round a cell with a comma in it")  # fmt: skip
    for column, cell in zip(columns, cells, strict=False):
        if not column:
            continue
        raw = cell.strip(" \u00a0")
        # A list that we or others wrote for a spreadsheet has an apostrophe before such a cell.
        value = raw[1:] if raw.startswith("'") and _FORMULA.match(raw[1:]) else raw
        is_number = column == "telephone" and _INTERNATIONAL.match(value)
        if _FORMULA.match(value) and not is_number:
            return ReadLine(number, found, f"The {_words(column)} begins with “{value[0]}”, which "
                                           "a spreadsheet would run: write words")  # fmt: skip
        value = " ".join(_CONTROL.sub(" ", value).split())
        if len(value) > LONGEST_CELL:
            return ReadLine(number, found, f"Shorten the {_words(column)} to {LONGEST_CELL} "
                                           "characters or fewer")  # fmt: skip
        found[column] = value
    return ReadLine(number, found)


def _words(column: str) -> str:
    return column.replace("_", "-")


def _yes_or_no(cells: dict[str, str], column: str) -> bool | None:
    typed = cells.get(column, "").lower()
    if not typed:
        return None
    if typed in _YES or typed in _NO:
        return typed in _YES
    raise Refused(column, f"Write yes or no under {_words(column)}, or leave it empty")


def _named(kinds: type[Named], typed: str, column: str, what: str) -> Named | None:
    """A member by its value or its label, whatever the case of its letters; None where empty."""
    if not typed:
        return None
    wanted = re.sub(r"[\s_-]+", " ", typed.lower())
    for kind in kinds:
        if wanted in (kind.value.replace("_", " "), kind.label.lower()):
            return kind
    known = ", ".join(kind.value for kind in kinds)
    raise Refused(column, f"“{typed}” is no {what}: use one of {known}")
