"""How pages write what a referral holds."""

from __future__ import annotations

from datetime import date

import pytest

from app.referrals.models import Child
from app.referrals.shown import names_of, told_apart


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


def test_children_with_one_name_are_told_apart_by_birth_and_twins_by_reference() -> None:
    born, other = date(2017, 5, 3), date(2021, 5, 3)
    children = [
        Child(id=1, ref="CH-1", given_name="Sam", family_name="Reed", date_of_birth=born),
        Child(id=2, ref="CH-2", given_name="sam", family_name="Reed", date_of_birth=other),
        Child(id=3, ref="CH-3", given_name="Baby", family_name="Reed", due_date=other),
        Child(id=4, ref="CH-4", given_name="Baby", family_name="Reed", due_date=other),
        Child(id=5, ref="CH-5", given_name="Ada", family_name="Reed", date_of_birth=born),
    ]
    assert list(told_apart(children).values()) == [
        "Sam Reed (born 3 May 2017)", "sam Reed (born 3 May 2021)",
        "Baby Reed (CH-3)", "Baby Reed (CH-4)", "Ada Reed",
    ]  # fmt: skip
    assert told_apart(children[2:], given=True)[3] == "Baby (CH-3)"
