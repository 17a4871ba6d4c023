"""Tables as files that spreadsheets open without being told to run anything (H7)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

# With these a spreadsheet takes a cell for a formula (OWASP, CSV injection), wide forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MEDIA_TYPE = "text/csv; charset=utf-8"


def cell(value: str | int | date | None) -> str:
    """A value as a cell: days in ISO 8601, text that could be a formula behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    text = value.replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[str | int | date | None]]) -> bytes:
    """A table in UTF-8 with the mark by which spreadsheets know it, and lines that end as in
    RFC 4180."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([cell(value) for value in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")
