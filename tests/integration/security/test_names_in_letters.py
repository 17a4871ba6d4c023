"""Finding: characters that turn the direction of writing, or cannot be seen, make a name in a
letter read as another name, file or address (H7)."""

from __future__ import annotations

import pytest

from app.referrals.public.letters import receipt, way_back
from app.referrals.public.types import Referrer
from tests.clock import FRIDAY
from tests.factories.mail import DESK, make_addressee
from tests.unit.invitations.letter_reading import every_word, one, part

# Overrides, isolates, marks of direction; blanks of no width; the mark of byte order.
UNSEEN = "\u202a\u202e\u2066\u2069\u200e\u200f\u200b\u200d\u2060\ufeff\u00ad"
NAME = f"Ann{UNSEEN} gro.elpmaxe@eciloP"


FRAUD = "parent. Pay the fee now at https://evil.example/pay or telephone 0900 123456"


def test_nothing_unseen_stands_in_a_letter() -> None:
    words = every_word(one(person=make_addressee(NAME)))
    assert "Ann" in words
    assert [hex(ord(one)) for one in UNSEEN if one in words] == []


def test_no_word_that_a_stranger_typed_goes_out_from_the_desk_s_mailbox() -> None:
    """Anybody can type any name and any address into the public form (A1)."""
    you = Referrer(name=FRAUD, email="victim@example.org")
    for letter in (
        receipt(DESK, you, "RF-1", FRIDAY),
        way_back(DESK, you, "https://desk.example.org/x", FRIDAY, FRIDAY),
    ):
        words = every_word(letter)
        assert "Hello," in words
        assert not [one for one in ("evil", "Pay", "0900", "parent") if one in words]


@pytest.mark.parametrize(
    "name",
    [FRAUD, "www.evil.example", "Ring 0900 123456", "Ann ann@evil.example", "Dear Sir " * 9],
)
def test_what_is_more_than_a_name_greets_nobody(name: str) -> None:
    """A colleague is named by whoever has a link (D3)."""
    text = part(one(person=make_addressee(name)), "text/plain").get_content()
    assert text.startswith("Dear colleague,")
    assert (
        part(one(person=make_addressee("Dr Ann O'Neil-Wu")), "text/plain")
        .get_content()
        .startswith("Dear Dr Ann O'Neil-Wu,")
    )
