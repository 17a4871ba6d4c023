"""A file that a spreadsheet opens runs nothing (H7)."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.spreadsheet import as_csv, cell


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1",
        "+44 20",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =cmd|'/c calc'!A0",
        "＝1",
        "＠x",
        "\n=1",
    ],
)
def test_what_could_be_a_formula_stands_behind_an_apostrophe(typed: str) -> None:
    assert cell(typed).startswith("'")


def test_days_numbers_and_nothing() -> None:
    assert [cell(one) for one in (date(2026, 11, 2), 7, -3, None, "Mill, North")] == [
        "2026-11-02", "7", "-3", "", "Mill, North",
    ]  # fmt: skip


def test_it_is_utf_8_with_a_mark_and_lines_of_rfc_4180() -> None:
    written = as_csv(("Ward", "Number"), [("Saint-Éloi", 6), ('say "c"', None)])
    assert written == '\ufeffWard,Number\r\nSaint-Éloi,6\r\n"say ""c""",\r\n'.encode()


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))))
def test_no_cell_begins_a_formula_and_none_is_lost(typed: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(("a", "b"), [(one, "z") for one in typed])
                                       .decode("utf-8-sig"), newline="")))  # fmt: skip
    assert len(rows) == len(typed) + 1
    for before, (after, last) in zip(typed, rows[1:], strict=True):
        assert not after.lstrip(" ").startswith(("=", "+", "-", "@"))
        assert after.removeprefix("'") == before.removeprefix("'")
        assert last == "z"
