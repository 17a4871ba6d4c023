"""Which places stand in no letter (D2)."""

from __future__ import annotations

import pytest

from app.meetings.rules import gives_away, phrases_of_home

NAMES = ("Amara", "Okonjo-Bell", "Bo")
PHRASES = ("12 Sycamore Close", "Ridge Primary School", "")


@pytest.mark.parametrize(
    "place",
    ["Amara's flat", "the OKONJO home", "12  sycamore close", "Ridge Primary School, hall", "bell"],
)
def test_names_home_and_school_give_the_child_away(place):
    assert gives_away(place, NAMES, PHRASES)


@pytest.mark.parametrize("place", ["Civic Centre, room 4", "Amaranth House", "bo or by line", ""])
def test_other_places_are_told(place):
    assert not gives_away(place, NAMES, PHRASES)


@pytest.mark.parametrize("name", ["Ng", "Li", "Wu", "Ho", "Xu"])
def test_a_name_of_two_letters_gives_the_child_away(name):
    for place in (
        f"The {name} family's home",
        f"{name} flat, 3rd floor",
        f"HOME OF {name.upper()}",
    ):
        assert gives_away(place, ("Mei", name), ())
        assert gives_away(place, ("Mei", name.lower()), ())
        assert gives_away(place, (f"Mei-{name}",), ())
    assert not gives_away(f"Civic Centre, {name}land room", ("Mei", name), ())


@pytest.mark.parametrize(
    ("name", "place"),
    [("To", "Way to the Civic Centre"), ("An", "an office"), ("Mr Khan", "Mr Ito's office"),
     ("Ms Khan", "Ms Ito's office")],
)  # fmt: skip
def test_small_words_and_titles_are_no_names(name, place):
    assert not gives_away(place, (name,), ())


HOMES = (
    "Flat 2, 14 Mill Lane, Millbrook MB1 2AB",
    "14 Mill Ln\nMillbrook\nMB1 2AB",
    "Flat 2 14a Mill Lane Millbrook mb12ab",
)


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("place", ["14a Mill Lane", "mill ln clinic", "MB1 2AB", "at MB12AB"])
def test_each_part_of_an_address_gives_the_home_away(home, place):
    assert gives_away(place, (), phrases_of_home(home))


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize(
    "place", ["Millbrook Hospital, ward 14", "Room 2", "Windmill Lane surgery", "Lane End Centre"]
)
def test_the_town_and_bare_numbers_do_not(home, place):
    assert not gives_away(place, (), phrases_of_home(home))


def test_the_first_line_gives_a_home_without_a_number_away():
    home = phrases_of_home("Rosecroft\nMillbrook")
    assert gives_away("Rosecroft, kitchen", (), home)
    assert not gives_away("Millbrook library", (), home)
    assert phrases_of_home("12, , Millbrook") == set() == phrases_of_home("")


@pytest.mark.parametrize("nobody", ["not known", "Unknown"])
def test_a_name_that_nobody_knows_is_no_name(nobody):
    assert not gives_away("A room not known yet", (nobody,), ())
