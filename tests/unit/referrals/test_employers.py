"""An alleged perpetrator's own agency is known by its number, and by its name where that was typed
(C2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.referrals.employers import Employers, employers_of, in_words, judge
from app.referrals.types import AdultGiven

COACH = AdultGiven("Coach", "Coach", alleged_perpetrator=True)


def employers(*typed, names=()):
    return employers_of(
        [replace(COACH, employer_id=7), *(replace(COACH, employer_typed=one) for one in typed)],
        names,
    )


def test_only_of_those_who_are_alleged_to_have_harmed():
    aunt = AdultGiven("Aunt", "Aunt", employer_id=8, employer_typed="Elsewhere")
    assert employers_of([aunt, replace(COACH, employer_id=7)]) == Employers(frozenset({7}))
    assert employers_of([aunt, COACH]) == Employers()


@pytest.mark.parametrize(
    ("typed", "name", "sure", "warned"),
    [
        ("Millbrook School", "Millbrook School", True, True),
        (" millbrook  SCHOOL.", "Millbrook School", True, True),
        ("St Mary’s School", "St Mary's School", True, True),
        ("Millbrook School and Nursery", "Millbrook School", False, True),
        ("Teacher at Millbrook School", "Millbrook School", False, True),
        ("Millbrook School", "Millbrook Nursery", False, False),
        ("The", "The Millbrook School", False, False),
        ("Elm", "Elmwood School", False, False),
    ],
)
def test_an_agency_of_the_directory_and_a_typed_employer(typed, name, sure, warned):
    found = judge(employers(typed), 9, name)
    assert (found.sure, found.names) == (sure, (typed,) if warned else ())
    assert bool(in_words(found)) == warned


def test_two_agencies_of_the_directory_are_two_however_alike():
    theirs = employers(names=["Millbrook School"])
    assert judge(theirs, 7, "Millbrook School").sure
    assert judge(theirs, 9, "The Millbrook School").names == ()
    assert "works for" in in_words(judge(theirs, 7, "Millbrook School"))


@pytest.mark.parametrize(
    ("typed", "words", "sure", "warned"),
    [
        ("Little Acorns", "Little Acorns Nursery, 020 7946 0011", True, True),
        ("Northgate Primary", "Mrs Fox (northgate primary)", True, True),
        ("Northgate Primary School", "Northgate Primary", False, True),
        ("Elm", "Elmwood School", False, False),
        ("the", "The Elms", False, False),
        ("!", "! ?", False, False),
    ],
)
def test_what_was_typed_on_both_sides(typed, words, sure, warned):
    for theirs in (employers(typed), employers(names=[typed])):
        found = judge(theirs, None, words)
        assert (found.sure, bool(found.names)) == (sure, warned)
    assert ("may work" in in_words(found)) == (warned and not sure)
