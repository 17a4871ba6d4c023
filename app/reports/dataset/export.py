"""The dataset as a file for a spreadsheet: one figure in a line (G3, H7)."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.spreadsheet import as_csv
from app.reports.dataset.page import DatasetPage, Table

HEADS = ("Period from", "Period to", "Where", "Table", "Row", "Column", "Value", "Protected")


def as_file(page: DatasetPage) -> bytes:
    """Every table of the page, under the same filter and the same protection."""
    return as_csv(HEADS, _lines(page))


def name_of_file(page: DatasetPage) -> str:
    return f"dataset-{page.chosen.period.key.lower()}.csv"


def _lines(page: DatasetPage) -> Iterator[tuple[str, ...]]:
    quarters = page.chosen.period.quarters
    span = (quarters[0].months[0], quarters[-1].months[-1], page.chosen.where)
    protected = "yes" if page.protected else "no"
    tables: list[Table] = [table for section in page.sections for table in section.tables]
    for table in (*tables, *([page.hotspots] if page.hotspots else [])):
        for row, values in table.rows:
            for head, value in zip(table.heads, values, strict=True):
                yield (*span, table.title, row, head, value.replace(",", ""), protected)
