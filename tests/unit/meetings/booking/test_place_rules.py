"""Which places stand in no letter (D2)."""

from __future__ import annotations

import pytest

from app.meetings.rules import gives_away

NAMES = ("Amara", "Okonjo-Bell", "Bo")
PHRASES = ("12 Sycamore Close", "Ridge Primary School", "")


@pytest.mark.parametrize(
    "place",
    ["Amara's flat", "the OKONJO home", "12  sycamore close", "Ridge Primary School, hall", "bell"],
)
def test_names_home_and_school_give_the_child_away(place):
    assert gives_away(place, NAMES, PHRASES)


@pytest.mark.parametrize("place", ["Civic Centre, room 4", "Amaranth House", "Bo Street", ""])
def test_other_places_are_told(place):
    assert not gives_away(place, NAMES, PHRASES)
