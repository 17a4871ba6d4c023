"""What a tick beside the case system's reference says."""

from __future__ import annotations

import pytest

from app.core.refusal import Refused
from app.referrals.filing.rules import Tick, TickShown, check_fileable, tick_shown
from tests.clock import FRIDAY

TICK = Tick("LCS-1", "Amina Cole", FRIDAY)


def test_without_a_reference_there_is_nowhere_to_file():
    assert tick_shown(None, None) == TickShown(
        "No reference in the case system yet", can_file=False, can_take_back=False
    )
    with pytest.raises(Refused, match="Enter the child's reference"):
        check_fileable(None, 1, 1)
    with pytest.raises(Refused, match="changed meanwhile"):
        check_fileable("LCS-1", 2, 1)
    assert check_fileable("LCS-1", 1, 1) == "LCS-1"


def test_a_tick_holds_for_the_reference_it_was_given_for():
    assert tick_shown(None, "LCS-1").can_file
    same = tick_shown(TICK, "LCS-1")
    assert same.words.startswith("Filed there: Amina Cole, ")
    assert (same.can_file, same.can_take_back) == (False, True)
    other = tick_shown(TICK, "LCS-2")
    assert "another reference, LCS-1" in other.words
    assert (other.can_file, other.can_take_back) == (True, True)
    assert not tick_shown(TICK, None).can_file
