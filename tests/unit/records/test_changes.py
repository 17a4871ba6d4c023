"""What a corrected version says of its changes, for each reader (F2, F4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.records.document.canonical import copy_json
from app.records.document.changes import differing
from app.records.document.readers import for_reader
from app.records.document.types import (
    Change,
    Decision,
    Protected,
    ProtectedKind,
    Reader,
    ReaderRecord,
    Record,
)
from app.records.readers import council_reader
from tests.unit.records import contents
from tests.unit.records.contents import HEALTH, POLICE, SCHOOL, SOCIAL_CARE

COUNCIL = council_reader("Exampleshire County Council")


def corrected(record: Record[Protected], reader: Reader) -> ReaderRecord:
    """The first version is the usual one; the second says `record`."""
    second = replace(record, version=2, correction_reason="A mistake")
    return for_reader(contents.content(second), reader, contents.content())


def shown(change: Change) -> tuple[str, str, str]:
    return change.section, change.label, change.now


def test_a_first_version_and_an_unchanged_one_have_no_changes() -> None:
    assert for_reader(contents.content(), SCHOOL).changes == ()
    assert corrected(contents.full_record(), SCHOOL).changes == ()
    later = replace(contents.full_record().sign_off, signed_at=contents.END)
    assert corrected(replace(contents.full_record(), sign_off=later), SCHOOL).changes == ()


def test_each_changed_place_is_named_in_reading_order() -> None:
    record = contents.full_record()
    first, second = record.children
    medical = replace(first.decisions[3], answer="No medical")
    decisions = (*first.decisions[:3], medical, *first.decisions[4:])
    ends = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
    action = replace(record.actions[3], due=ends)
    new = replace(record.actions[0], number=5, what="Tell the family")
    changed = replace(
        record,
        children=(replace(first, name="Elly-Mae Carrow", decisions=decisions), second),
        actions=(*record.actions[:3], action, new),
    )
    found = corrected(changed, SCHOOL).changes
    assert [(one.section, one.label, one.what) for one in found] == [
        ("Who was discussed", "Elly-Mae Carrow: Name", "Changed"),
        ("Decisions", "Elly-Mae Carrow: Medical", "Changed"),
        ("Actions", "No. 4", "Changed"),
        ("Actions", "No. 5", "Added"),
    ]
    assert found[0].now == "Elly-Mae Carrow"
    assert "No medical" in found[1].now
    assert "by Tue 24 November 2026; Pattern" in found[2].now  # nobody said 11:59 pm
    assert not any(one.before for one in found)
    council = corrected(changed, COUNCIL).changes
    assert council[0].before == "Ellie-Mae Carrow"
    assert "20 November 2026" in council[2].before


def test_the_reader_is_not_told_what_was_taken_out_and_the_council_is() -> None:
    """A child of another family, entered by mistake, must not be read about a second time."""
    stranger = "Wrongly Entered-Child"
    record = contents.full_record()
    wrong = replace(record, children=(*record.children, contents.child(stranger)))
    former, now = contents.content(wrong), contents.content(replace(record, version=2))
    copy = for_reader(now, SCHOOL, former)
    assert stranger not in repr(copy)
    assert [(one.section, one.what, one.label) for one in copy.changes] == [
        ("Who was discussed", "Taken out", ""),
        ("Decisions", "Taken out", ""),
    ]
    assert stranger in repr(for_reader(now, COUNCIL, former).changes)


@pytest.mark.parametrize("reader", [SCHOOL, HEALTH, POLICE, SOCIAL_CARE])
def test_words_that_became_protected_are_not_repeated_as_what_was_said_before(
    reader: Reader,
) -> None:
    canary = "She is on methadone"
    record = contents.full_record()

    def informed(passage: str | Protected) -> Record[Protected]:
        first = replace(record.information[0], text=(passage,))
        return replace(record, information=(first, *record.information[1:]))

    kept = Protected(ProtectedKind.HEALTH_OF_OTHERS, canary)
    copy = for_reader(contents.content(informed(kept)), reader, contents.content(informed(canary)))
    may_see = reader in (HEALTH, SOCIAL_CARE)
    assert (canary in repr(copy.changes)) is False or may_see
    assert (canary in repr(copy) + copy_json(copy).decode()) is may_see


def test_a_change_of_what_a_reader_may_not_see_is_no_change_to_them() -> None:
    record = contents.full_record()
    moved = replace(
        record,
        referrer=Protected(ProtectedKind.REFERRER, "Somebody Else"),
        children=tuple(
            replace(one, address=Protected(ProtectedKind.ADDRESS, "2 Other Street"))
            for one in record.children
        ),
    )
    assert corrected(moved, SCHOOL).changes == ()
    assert {one.section for one in corrected(moved, POLICE).changes} == {
        "Who was discussed",
        "Referrer",
    }


def test_places_that_are_labelled_alike_are_told_apart() -> None:
    record = contents.full_record()
    twice: tuple[Decision[Protected], ...] = (
        Decision("Interview", "Of the mother"),
        Decision("Interview", "Of him"),
    )
    one = replace(record.children[0], decisions=twice)
    other = replace(one, decisions=(twice[0], replace(twice[1], answer="Of the lodger")))
    former = contents.content(replace(record, children=(one,)))
    now = contents.content(replace(record, version=2, children=(other,)))
    (found,) = for_reader(now, COUNCIL, former).changes
    assert (found.before, found.now) == ("Of him", "Of the lodger")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Monday", "Tuesday", ("Monday", "Tuesday")),
        ("", "New words", ("", "New words")),
        (
            "one two three four five six seven eight nine ten eleven twelve",
            "one two three four five six 7 eight nine ten eleven twelve",
            (
                "… two three four five six seven eight nine ten eleven twelve",
                "… two three four five six 7 eight nine ten eleven twelve",
            ),
        ),
        ("a a", "a a a", ("a a", "a a a")),
    ],
)
def test_only_the_stretch_that_differs_is_shown(
    before: str, after: str, expected: tuple[str, str]
) -> None:
    assert differing(before, after) == expected


def test_a_home_that_became_protected_is_not_said_again() -> None:
    record = contents.full_record()
    was = replace(record, meeting=replace(record.meeting, place="12 Larch Mews"))
    home = Protected(ProtectedKind.ADDRESS, "12 Larch Mews")
    now = replace(record, version=2, meeting=replace(record.meeting, place=home))
    copy = for_reader(contents.content(now), SCHOOL, contents.content(was))
    assert "Larch Mews" not in repr(copy)
    (change,) = copy.changes
    assert (change.section, change.label) == ("The meeting", "Held")
    assert change.now.endswith("Withheld: address")
    assert "12 Larch Mews" in repr(for_reader(contents.content(now), POLICE).view)
