"""Which agencies a typed name may mean (A1)."""

from __future__ import annotations

import pytest

from app.directory.likely import likely

HELD = (
    "Oakfield Primary School", "Millbrook Primary School", "St Brannock's Academy",
    "Linden Grove Medical Centre", "Sandford Police", "Oakfield Nursery",
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("oakfield primary", ["Oakfield Primary School", "Oakfield Nursery"]),
        ("Saint Brannocks", []),
        ("St. Brannocks Academy, Upper Site", ["St Brannock's Academy"]),
        ("Linden Grove Surgery", ["Linden Grove Medical Centre"]),
        ("Milbrook Primary", ["Millbrook Primary School"]),
        ("Primary School", []),
        ("", []),
    ],
)
def test_what_is_alike_in_what_tells_agencies_apart(typed, found):
    assert likely(typed, HELD) == found


def test_at_most_five():
    assert len(likely("Oakfield", [f"Oakfield {number}" for number in range(9)])) == 5
