"""How pages write what a referral holds."""

from __future__ import annotations

import pytest

from app.referrals.models import Child
from app.referrals.shown import names_of


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], ""),
        (["Ava"], "Ava Reed"),
        (["Ava", "Tom"], "Ava Reed and Tom Reed"),
        (["Ava", "Tom", "Zoë"], "Ava Reed, Tom Reed and Zoë Reed"),
    ],
)
def test_several_children_are_named_as_a_person_would(given: list[str], words: str) -> None:
    assert names_of(Child(given_name=name, family_name="Reed") for name in given) == words
