"""Which known children a typed child may be (A3)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.referrals.matching import (
    ALIKE,
    Identity,
    Likeness,
    easily_mistaken,
    keys_of,
    keys_to_seek,
    match,
    ranked,
)
from app.referrals.names import alike, plain, sounds

BORN = date(2019, 3, 7)
WREN = Identity("Wren", "O'Rourke-Smith", BORN)


def found(typed, known=WREN):
    return bool((keys_to_seek(typed) | keys_of(typed)) & keys_of(known))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("O'Rourke-Smíth", "orourke smith"),
        ("  Zoë  ANNE ", "zoe anne"),
        ("عائشة", "عايشة"),  # the hamza is a mark
        ("", ""),
    ],
)
def test_a_name_is_compared_without_case_accents_and_marks(name, expected):
    assert plain(name) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [("Catherine", "Katherine"), ("Jon", "John"), ("Smith", "Smyth"), ("Stephen", "Steven")],
)
def test_names_that_sound_alike_share_a_key(left, right):
    assert sounds(left) == sounds(right)


def test_unnamed_babies_have_no_sound():
    assert sounds("Baby") == sounds("Unborn baby") == frozenset()


@pytest.mark.parametrize(
    ("typed", "likeness"),
    [
        (Identity("Wren", "O'Rourke-Smith", BORN), Likeness.STRONG),
        (Identity("Ren", "Rourke Smyth", BORN), Likeness.STRONG),
        (Identity("WREN", "Smith", BORN), Likeness.STRONG),
        (Identity("Smith", "Wren", BORN), Likeness.STRONG),
        (Identity("Wren", "O'Rourke-Smith", date(2019, 7, 3)), Likeness.STRONG),
        (Identity("Wren", "O'Rourke-Smith", date(2018, 3, 7)), Likeness.STRONG),
        (Identity("Wren", "O'Rourke-Smith", date(2019, 3, 17)), Likeness.STRONG),
        (Identity("Wren", "O'Rourke-Smith"), Likeness.POSSIBLE),
        (Identity("Wren", "Dhillon", BORN), Likeness.POSSIBLE),
        (Identity("Tomas", "O'Rourke-Smith", BORN), Likeness.TWIN_OR_SIBLING),
    ],
)
def test_the_same_child_typed_otherwise_is_found_and_scored(typed, likeness):
    assert found(typed)
    answer = match(typed, WREN)
    assert answer is not None
    assert answer.likeness is likeness


@pytest.mark.parametrize(
    "typed",
    [
        Identity("Tomas", "Dhillon", BORN),
        Identity("Tomas", "O'Rourke-Smith", date(2016, 5, 22)),
        Identity("Wren", "Dhillon", date(2016, 5, 22)),
        Identity("Tomas", "O'Rourke-Smith"),
        Identity("", ""),
    ],
)
def test_strangers_and_siblings_of_another_age_are_no_match(typed):
    assert match(typed, WREN) is None


def test_an_exact_match_goes_before_a_slip():
    exact = match(Identity("Wren", "Smith", BORN), Identity("Wren", "Smith", BORN))
    slip = match(Identity("Wren", "Smith", BORN), Identity("Wren", "Smith", date(2019, 3, 8)))
    assert exact is not None
    assert slip is not None
    assert (exact.likeness, exact.score) > (slip.likeness, slip.score)


def test_a_baby_known_before_birth_is_found_after_it():
    unborn = Identity("Baby", "Okafor", due=date(2026, 11, 2))
    born = Identity("Noor", "Okafor", date(2026, 10, 29))
    assert found(born, unborn)
    assert found(unborn, born)
    for typed, known in ((born, unborn), (unborn, born)):
        answer = match(typed, known)
        assert answer is not None
        assert answer.likeness is Likeness.POSSIBLE


def test_a_baby_due_in_another_year_is_another_baby():
    assert match(
        Identity("Baby", "Okafor", due=date(2026, 11, 2)),
        Identity("Noor", "Okafor", date(2025, 10, 29)),
    ) is None  # fmt: skip


def test_letters_that_are_not_latin_stand_for_themselves():
    known = Identity("عائشة", "الحسن", BORN)
    assert found(Identity("عائشة", "الحسن", BORN), known)
    assert match(Identity("عائشة", "الحسن", BORN), known) is not None


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_a_date_is_never_among_those_easily_mistaken_for_it(born):
    others = easily_mistaken(born)
    assert born not in others
    assert all(abs(other.year - born.year) <= 30 for other in others)


def test_day_and_month_changed_over_are_easily_mistaken():
    assert date(2019, 7, 3) in easily_mistaken(date(2019, 3, 7))


def test_the_days_mistaken_for_one_are_worked_out_once_for_all_that_are_compared_with_it():
    days = range(1, 29)
    known = [(day, Identity("Wren", "O'Rourke-Smith", date(2018, 1, day))) for day in days]
    before = easily_mistaken.cache_info().misses
    ranked(WREN, known)
    assert easily_mistaken.cache_info().misses - before <= 1


@given(st.dates(date(2005, 1, 1), date(2026, 12, 31)), st.sampled_from(range(8)), st.integers(0, 9))
def test_a_date_with_one_digit_wrong_is_found(born, place, digit):
    text = f"{born:%d%m%Y}"
    typed = text[:place] + str(digit) + text[place + 1 :]
    try:
        mistaken = date(int(typed[4:]), int(typed[2:4]), int(typed[:2]))
    except ValueError:
        return
    if abs(mistaken.year - born.year) > 30:
        return
    child = Identity("Wren", "Okafor", born)
    assert found(Identity("Wren", "Okafor", mistaken), child)
    answer = match(Identity("Wren", "Okafor", mistaken), child)
    assert answer is not None
    assert answer.likeness is Likeness.STRONG


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_name_breaks_the_guard(given_name, family_name):
    child = Identity(given_name, family_name, BORN, None)
    keys_of(child)
    answer = match(child, child)
    if sounds(given_name) and sounds(family_name):
        assert found(child, child)
        assert answer is not None


def test_keys_of_twins_meet_only_by_family_and_day():
    one = keys_of(Identity("Amara", "Okafor", BORN))
    two = keys_of(Identity("Tomas", "Okafor", BORN))
    assert one & two
    assert all(f"|{BORN.isoformat()}|" in key for key in one & two)


def test_twins_with_names_alike_stay_two():
    known = [(1, Identity("Jayden", "Okafor", BORN)), (2, Identity("Kayden", "Okafor", BORN))]
    (first, strong), (second, twin) = ranked(Identity("Jayden", "Okafor", BORN), known)
    assert (first, strong.likeness) == (1, Likeness.STRONG)
    assert (second, twin.likeness) == (2, Likeness.TWIN_OR_SIBLING)


def test_two_records_of_one_child_are_no_twins():
    known = [(1, Identity("Catherine", "Okafor", BORN)), (2, Identity("Katherine", "Okafor", BORN))]
    answers = ranked(Identity("Catherine", "Okafor", BORN), known)
    assert [match.likeness for _, match in answers] == [Likeness.STRONG, Likeness.STRONG]


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        (("Bill", "Okafor"), ("William", "Okafor")),
        (("Seun", "Okafor"), ("Oluwaseun", "Okafor")),
        (("Muhammad", "Hussein"), ("Mohammed", "Husain")),
        (("Yakub", "Kovalski"), ("Jakub", "Kowalski")),
        (("Анна", "Іванова"), ("Anna", "Ivanova")),
        (("Ewan", "Mac Donald"), ("Ewan", "McDonald")),
        (("Layla", "Al Hassan"), ("Layla", "Alhassan")),
        (("Wren", "Smith O'Rourke"), ("Wren", "O'Rourke-Smith")),
        (("Mohammed Ali", "Khan"), ("Mohammed", "Ali Khan")),
        (("Tohmas", "Wriht"), ("Thomas", "Wright")),
    ],
)
def test_one_child_in_two_spellings_is_found_with_day_and_month_changed_over(typed, known):
    child = Identity(*known, BORN)
    given = Identity(*typed, date(2019, 7, 3))
    assert found(given, child)
    answer = match(given, child)
    assert answer is not None
    assert answer.likeness is Likeness.STRONG


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ava", "Ivy"), ("Jayden", "Amara"), ("Olivia", "Elif"), ("Rohan", "Kamal")],
)
def test_names_that_only_begin_to_sound_alike_are_two(one, other):
    assert alike(one, other, given=True) < ALIKE
