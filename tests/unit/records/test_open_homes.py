"""A child's address in words that every reader gets is found, and nothing else (F4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.records.document.types import Information, Protected, ProtectedKind, Record
from app.records.open_homes import open_homes
from app.records.types import Recipient
from tests.unit.records import contents
from tests.unit.records.invited import PERSON

SCHOOL = (Recipient(PERSON, ("address", "referrer"), ""),)


def saying(words: str | Protected) -> Record[Protected]:
    said = Information("Exampleshire Police", "Amina Rahman", (words,))
    return replace(contents.full_record(), information=(said,))


@pytest.mark.parametrize(
    "words",
    [
        "They moved to 14 Quillfeather Rise in May.",
        "the flat in quillfeather rise",
        "Post goes to EX4 2QZ",
        "ex42qz",
    ],
)
def test_an_address_or_a_part_of_it_is_found_and_its_place_said(words: str) -> None:
    place = "Information by agency. Exampleshire Police, Amina Rahman"
    assert open_homes(saying(words), SCHOOL) == (place,)


@pytest.mark.parametrize(
    "words", ["They live in Exampleton.", "She is 14.", "They moved to 3 Elm Row, EX4 2QX."]
)
def test_other_words_are_not(words: str) -> None:
    assert open_homes(saying(words), SCHOOL) == ()


def test_what_is_marked_is_not_and_nothing_is_where_everybody_may_read_it() -> None:
    words = "They moved to 14 Quillfeather Rise."
    assert open_homes(saying(Protected(ProtectedKind.ADDRESS, words)), SCHOOL) == ()
    assert open_homes(saying(words), (Recipient(PERSON, ("referrer",), ""),)) == ()


def test_every_place_with_open_words_is_looked_at() -> None:
    full, home = contents.full_record(), "14 Quillfeather Rise"
    first, *others = full.children
    decided = replace(first.decisions[0], reason=(home,))
    record = replace(
        full,
        children=(replace(first, decisions=(decided,)), *others),
        actions=(replace(full.actions[0], why=home),),
        attendance=(replace(full.attendance[0], note=f"Called from {home}"),),
        quorum=replace(full.quorum, reason=home),
        analysis=(replace(full.analysis[0], text=(home,)),),
        dissent=(replace(full.dissent[0], about=home),),
        dissent_not_asked=home,
        correction_reason=home,
        sign_off=replace(full.sign_off, instead_of_chair=home),
    )
    assert len(open_homes(record, SCHOOL)) == 9
