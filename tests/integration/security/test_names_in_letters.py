"""Finding: characters that turn the direction of writing, or cannot be seen, make a name in a
letter read as another name, file or address (H7)."""

from __future__ import annotations

import pytest

from app.core.mail import FinishedMessage
from app.referrals.public.letters import receipt
from app.referrals.public.types import Referrer
from tests.clock import FRIDAY
from tests.factories.mail import DESK, make_addressee
from tests.unit.invitations.letter_reading import every_word, one

# Overrides, isolates, marks of direction; blanks of no width; the mark of byte order.
UNSEEN = "\u202a\u202e\u2066\u2069\u200e\u200f\u200b\u200d\u2060\ufeff\u00ad"
NAME = f"Ann{UNSEEN} gro.elpmaxe@eciloP"


@pytest.mark.parametrize(
    "letter",
    [
        one(person=make_addressee(NAME)),
        receipt(DESK, Referrer(name=NAME, email="ann@example.org"), "RF-1", FRIDAY),
    ],
    ids=["invitation", "receipt"],
)
def test_nothing_unseen_stands_in_a_letter(letter: FinishedMessage) -> None:
    words = every_word(letter)
    assert "Ann" in words
    assert [hex(ord(one)) for one in UNSEEN if one in words] == []
