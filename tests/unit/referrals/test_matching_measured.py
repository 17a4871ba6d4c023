"""The wrong-child guard on made children: a small version of `bench/run matching` (A3)."""

from __future__ import annotations

from bench.matching import PRECISION, RECALL, measured


def test_likely_matches_are_complete_and_seldom_wrong():
    """Four hundred children: misspellings, short forms, changed-over dates, twins, strangers."""
    found = measured(children=400, asked=450)
    assert found.recall >= RECALL, found.missed
    assert found.precision >= PRECISION, found.wrong
    assert found.most_candidates <= 200
