from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from app.core.paper.drawable import drawable
from app.records.document import wording
from app.records.document.readers import for_reader
from app.records.document.types import Child, Disclosed, ProtectedKind, Withheld
from tests.unit.records import contents


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (date(2019, 4, 2), "Aged 7"),
        (date(2019, 11, 19), "Aged 7"),
        (date(2019, 11, 20), "Aged 6"),
        (date(2024, 11, 19), "Aged 2"),
        (date(2024, 11, 20), "Aged 23 months"),
        (date(2026, 10, 19), "Aged 1 month"),
        (date(2026, 11, 19), "Aged 0 months"),
        (date(2026, 11, 21), "Born after the discussion"),
        (date(2020, 2, 29), "Aged 6"),
    ],
)
def test_age_on_the_day(born: date, words: str) -> None:
    child: Child[Disclosed | Withheld] = Child("A", born, None, "", None)
    assert wording.age(child, date(2026, 11, 19)) == words


def test_an_unborn_child_has_a_due_date() -> None:
    child: Child[Disclosed | Withheld] = Child("A", None, date(2027, 2, 14), "", None)
    assert wording.born(child) == "Due 14 February 2027"
    assert wording.age(child, date(2026, 11, 19)) == "Unborn"
    assert wording.born(replace(child, due_date=None)) == "Not known"


def test_times_are_those_of_london() -> None:
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert wording.due(summer) == "Thu 2 July 2026, 12:30 am"
    assert wording.due(date(2026, 7, 1)) == "Wed 1 July 2026"


def test_an_action_for_a_day_is_printed_as_that_day_in_winter_and_in_summer() -> None:
    winter, summer = (2026, 11, 27, 23, 59), (2026, 7, 3, 22, 59)
    assert wording.action_due(datetime(*winter, tzinfo=UTC)) == "Fri 27 November 2026"
    assert wording.action_due(datetime(*summer, tzinfo=UTC)) == "Fri 3 July 2026"
    at_five = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    assert wording.action_due(at_five) == "Fri 27 November 2026, 5:00 pm"


def test_a_discussion_over_midnight_names_both_days() -> None:
    record = contents.full_record()
    late = replace(
        record.meeting,
        started_at=datetime(2026, 11, 19, 23, 50, tzinfo=UTC),
        ended_at=datetime(2026, 11, 20, 0, 20, tzinfo=UTC),
    )
    view = for_reader(contents.content(replace(record, meeting=late)), contents.SCHOOL).view
    assert wording.held(view) == (
        "Thursday 19 November 2026 at 11:50 pm to Friday 20 November 2026 at 12:20 am"
    )


def test_children_with_other_decisions_are_told_apart() -> None:
    record = contents.full_record()
    first, second = record.children
    no = replace(second.decisions[1], answer="No")
    other = replace(second, decisions=(second.decisions[0], no))
    view = for_reader(
        contents.content(replace(record, children=(first, other))), contents.SCHOOL
    ).view
    assert [line.names for line in wording.headlines(view)] == ["Ellie-Mae Carrow", "Jayden Carrow"]


def test_children_decided_differently_stand_side_by_side() -> None:
    long = "Stays with the grandmother, and is brought there by the social worker before 6 pm."
    lines = (
        wording.Headlines("Sam", (("Harm?", "Yes"), ("Safe now", long), ("Enquiry", "Joint"))),
        wording.Headlines("Kim", (("Harm?", "Yes"), ("Instead", "Early help"), ("Medical", "No"))),
    )
    (table,) = wording.compared(lines)
    assert table.names == ("Sam", "Kim")
    assert table.rows == (
        ("Harm?", ("Yes",)),
        ("Instead", ("Not asked", "Early help")),
        ("Medical", ("Not asked", "No")),
        ("Enquiry", ("Joint", "Not asked")),
        ("Safe now", (long, "Not asked")),
    )
    assert wording.compared(lines[:1]) == ()
    six = tuple(replace(lines[0], names=str(number)) for number in range(6))
    assert [table.names for table in wording.compared(six)] == [("0", "1", "2"), ("3", "4", "5")]


def test_protected_passages_stand_as_paragraphs_of_their_own() -> None:
    parts = wording.paragraphs(
        (
            "One.\n\nTwo.",
            Withheld(ProtectedKind.ADDRESS),
            Disclosed(ProtectedKind.HEALTH_OF_OTHERS, "Three."),
        )
    )
    assert [(part.text, part.style, part.note) for part in parts] == [
        ("One.", "open", ""),
        ("Two.", "open", ""),
        ("Withheld: address", "withheld", ""),
        ("Three.", "protected", "Protected: health of others"),
    ]


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("Zoë O’Neill – 50 %", "Zoë O’Neill – 50 %"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("tab\there", "tab here"),
        ("nul\x00bell\x07", "nul[U+0000]bell[U+0007]"),
        ("cod\u202egpj.exe", "cod[U+202E]gpj.exe"),
        ("private \ue001", "private [U+E001]"),
        ("unassigned \u0378", "unassigned [U+0378]"),
        ("mark\ufeff", "mark[U+FEFF]"),
        ("said \U0001f600\U0001f44d\ufe0f", "said [grinning face][thumbs up sign]"),
        ("no font has \U0001f8ff", "no font has [U+1F8FF]"),
        ("ਗੁਰਪ੍ਰੀਤ ਕੌਰ", "ਗੁਰਪ੍ਰੀਤ ਕੌਰ"),
        ("রহিমা খাতুন", "রহিমা খাতুন"),
        ("தமிழ்ச்செல்வி, ሓጎስ, 김민준, تريفە", "தமிழ்ச்செல்வி, ሓጎስ, 김민준, تريفە"),
    ],
)
def test_what_cannot_be_drawn_is_shown_by_its_number(typed: str, drawn: str) -> None:
    assert drawable(typed) == drawn


def test_the_hour_that_comes_twice_says_by_which_clock() -> None:
    assert held_from_to(time(0, 30), time(1, 10)) == "1:30 am BST to 1:10 am GMT"
    assert held_from_to(time(1, 5), time(1, 40)) == "1:05 am GMT to 1:40 am GMT"
    assert held_from_to(time(0, 30), time(2, 10)) == "1:30 am BST to 2:10 am"


def held_from_to(start: time, end: time) -> str:
    """The words for a discussion in the night in which clocks go back, without its day."""
    night = date(2026, 10, 25)
    record = contents.full_record()
    october = replace(
        record.meeting,
        started_at=datetime.combine(night, start, UTC),
        ended_at=datetime.combine(night, end, UTC),
    )
    view = for_reader(contents.content(replace(record, meeting=october)), contents.SCHOOL).view
    return wording.held(view).removeprefix("Sunday 25 October 2026 at ")


def test_who_may_not_read_addresses_is_not_told_that_they_are_one() -> None:
    record = contents.full_record()
    same = tuple(contents.child(f"Child {number}") for number in range(4))
    alone = contents.content(replace(record, children=same[:1]))
    assert wording.one_address(for_reader(alone, contents.POLICE).view) is None
    for reader, heading in (
        (contents.SCHOOL, "Addresses"),
        (contents.POLICE, "Address of all of them"),
    ):
        view = for_reader(contents.content(replace(record, children=same)), reader).view
        address = wording.one_address(view)
        assert address is not None and wording.address_heading(address) == heading
