"""Small numbers cannot be worked out from what is shown (G3; DfE children in need statistics)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from app.reports.dataset.suppression import TOTAL, withheld

ROWS, COLUMNS = ("a", "b", "c"), ("x", "y")
Cell = tuple[str, str]

small_tables = st.lists(
    st.integers(min_value=0, max_value=7), min_size=len(ROWS) * 2, max_size=len(ROWS) * 2
)


def table_of(counts: list[int]) -> dict[Cell, int]:
    return dict(zip(itertools.product(ROWS, COLUMNS), counts, strict=True))


def fitting(table: dict[Cell, int], hidden: frozenset[Cell]) -> Iterator[dict[Cell, int]]:
    """Every table that fits what is shown and what each column adds up to, found by trying."""
    columns = []
    for column in COLUMNS:
        whole = sum(table[row, column] for row in ROWS)
        choices = [
            range(whole + 1) if (row, column) in hidden else (table[row, column],) for row in ROWS
        ]
        columns.append([each for each in itertools.product(*choices) if sum(each) == whole])
    for picked in itertools.product(*columns):
        found = {
            (row, column): picked[place][number]
            for place, column in enumerate(COLUMNS)
            for number, row in enumerate(ROWS)
        }
        if all(
            (row, TOTAL) in hidden
            or sum(found[row, one] for one in COLUMNS) == sum(table[row, one] for one in COLUMNS)
            for row in ROWS
        ):
            yield found


@given(small_tables)
@settings(max_examples=40, deadline=None)
def test_no_withheld_number_follows_from_what_is_shown(counts: list[int]) -> None:
    table = table_of(counts)
    hidden = withheld(table, ROWS, COLUMNS)
    whole = len(ROWS) * len(COLUMNS) + len(ROWS)
    if len(hidden) == whole:
        return  # nothing is shown at all
    possible: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    for other in fitting(table, hidden):
        for row, column in hidden:
            values = [other[row, one] for one in COLUMNS]
            value = sum(values) if column == TOTAL else other[row, column]
            possible[row, column].add(value)
    assert all(len(values) > 1 for values in possible.values()), (table, hidden)


@given(small_tables)
def test_numbers_from_one_to_five_are_never_shown(counts: list[int]) -> None:
    table = table_of(counts)
    hidden = withheld(table, ROWS, COLUMNS)
    shown = {cell: count for cell, count in table.items() if cell not in hidden}
    totals = {
        row: sum(table[row, one] for one in COLUMNS) for row in ROWS if (row, TOTAL) not in hidden
    }
    assert not any(0 < count < 6 for count in (*shown.values(), *totals.values()))


def test_a_single_small_number_takes_others_with_it() -> None:
    table = {("a", "x"): 3, ("b", "x"): 20, ("a", "y"): 40, ("b", "y"): 9}
    hidden = withheld(table, ("a", "b"), ("x", "y"))
    assert ("a", "x") in hidden
    assert len(hidden) > 2  # beside it in its column, and something in each of their rows


def test_a_table_without_small_numbers_is_shown_whole() -> None:
    assert withheld({("a", "x"): 6, ("b", "y"): 70}, ("a", "b"), ("x", "y")) == frozenset()


def test_large_tables_are_quick() -> None:
    wards = tuple(f"w{number}" for number in range(60))
    concerns = tuple(f"c{number}" for number in range(16))
    table = {
        (concern, ward): (7 * place + 3 * number) % 23
        for place, concern in enumerate(concerns)
        for number, ward in enumerate(wards)
    }
    hidden = withheld(table, concerns, wards)
    assert 0 < len(hidden) < len(table)
