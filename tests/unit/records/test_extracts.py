"""Parts of a record for one purpose (F6)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.records.document.canonical import canonical_bytes, copy_json, from_canonical
from app.records.document.extracts import agencies_with_actions, of_agency, of_child
from app.records.document.readers import for_reader
from app.records.document.render import render
from app.records.document.seal import Sealer, seal
from app.records.document.types import Protected, ProtectedKind, RecordContent
from app.records.readers import agency_reader, council_reader
from tests.unit.records import contents, vera
from tests.unit.records.test_render import every_byte, text_of

COUNCIL = council_reader("Exampleshire County Council")
POLICE_NAME = "Exampleshire Police"


def test_one_childs_part_holds_that_child_and_the_actions_for_them_or_for_all() -> None:
    copy = of_child(for_reader(contents.content(), COUNCIL), 1)
    assert [child.name for child in copy.view.children] == ["Jayden Carrow"]
    assert [action.number for action in copy.view.actions] == [2, 4]
    assert copy.view.information == for_reader(contents.content(), COUNCIL).view.information
    with pytest.raises(IndexError):
        of_child(for_reader(contents.content(), COUNCIL), 2)
    with pytest.raises(IndexError):
        of_child(for_reader(contents.content(), COUNCIL), -1)


def test_a_home_stands_in_no_part_of_another_child_and_in_no_agencys() -> None:
    record = contents.full_record()
    one, two = record.children
    place = Protected(ProtectedKind.ADDRESS, "12 Larch Mews, the kitchen")
    held = replace(record.meeting, place=place)
    far = Protected(ProtectedKind.ADDRESS, "3 Elm Row")
    assert one.address == two.address
    together = for_reader(contents.content(replace(record, meeting=held)), COUNCIL)
    apart = for_reader(
        contents.content(replace(record, meeting=held, children=(one, replace(two, address=far)))),
        COUNCIL,
    )
    for whole, shown in ((together, True), (apart, False)):
        part = of_child(whole, 1)
        said = text_of(render(part)) + copy_json(part).decode()
        assert ("Larch Mews" in said) is shown
        assert part.view.meeting.format in said
    reader = agency_reader(POLICE_NAME, record)
    actions = of_agency(
        for_reader(contents.content(replace(record, meeting=held)), reader), POLICE_NAME
    )
    assert "Larch Mews" not in text_of(render(actions)) + copy_json(actions).decode()


def test_an_agencys_part_holds_its_actions_and_nothing_else() -> None:
    content = contents.content()
    assert agencies_with_actions(for_reader(content, COUNCIL).view) == (
        "Children's social care",
        POLICE_NAME,
        "Exampleshire NHS Trust",
        "Example Primary School",
    )
    copy = of_agency(for_reader(content, agency_reader(POLICE_NAME, content.record)), POLICE_NAME)
    pdf = render(copy)
    said = text_of(pdf) + copy_json(copy).decode()
    assert "Check records of both adults" in said
    hidden = (
        *contents.CANARIES, "Arrange the child protection medical", "bruise behind",
        "Withheld: address", "Grace Oyelaran", "Who was at home", "He cannot tell",
    )  # fmt: skip
    raw = every_byte(pdf)
    for words in hidden:
        assert words not in said
        assert words.encode() not in raw
    with pytest.raises(LookupError):
        of_agency(for_reader(content, COUNCIL), "Nobody")


def test_an_agency_reads_what_it_has_to_do_whatever_that_names() -> None:
    record = contents.full_record()
    where = Protected(ProtectedKind.ADDRESS, "Fetch her from 7 Larch Mews", agency_id="agency:4")
    school = replace(record.actions[3], what=where)
    content = contents.content(replace(record, actions=(*record.actions[:3], school)))
    for agency, seen in (("Example Primary School", True), (POLICE_NAME, False)):
        copy = of_agency(for_reader(content, agency_reader(agency, content.record)), agency)
        said = text_of(render(copy)) + copy_json(copy).decode()
        assert ("7 Larch Mews" in said) is seen, agency
    for reader, seen in ((contents.POLICE, True), (contents.HEALTH, False)):
        copy = for_reader(content, reader)
        pdf = render(copy)
        said = text_of(pdf) + copy_json(copy).decode()
        assert ("7 Larch Mews" in said) is seen
        assert seen or b"Larch Mews" not in every_byte(pdf)
        assert seen or "Tom Whitlock" in said  # who does it by when is for everybody
    assert from_canonical(canonical_bytes(content)) == content


def test_an_extract_says_that_it_is_one_on_paper_and_to_machines() -> None:
    whole = for_reader(contents.content(), COUNCIL)
    child = of_child(whole, 0)
    assert "This is an extract: Ellie-Mae Carrow." in text_of(render(child))
    assert json.loads(copy_json(child))["extract"]["subject"] == "Ellie-Mae Carrow"
    assert "extract" not in json.loads(copy_json(whole))
    # The file's title stands in windows and lists: it names no child.
    assert b'<rdf:li xml:lang="x-default">Extract of strategy' in every_byte(render(child))


def test_an_action_for_one_child_leaves_the_others_out() -> None:
    record = contents.full_record()
    copy = of_agency(for_reader(contents.content(record), COUNCIL), "Exampleshire NHS Trust")
    assert [child.name for child in copy.view.children] == ["Ellie-Mae Carrow"]
    assert copy.view.children[0].address is None


@pytest.mark.parametrize("profile", ["3a", "ua1"])
@pytest.mark.parametrize("kind", ["child", "actions", "corrected", "nine children"])
def test_a_sealed_part_and_a_correction_are_pdf_a_3a_and_pdf_ua_1(
    kind: str, profile: str, sealer: Sealer
) -> None:
    full = contents.full_record()
    second = replace(full, version=2, correction_reason="A wrong name", children=full.children[:1])
    nine = replace(full, children=tuple(contents.child(f"Child {n} Carrow") for n in range(9)))
    whole = for_reader(contents.content(), COUNCIL)
    copy = {
        "child": lambda: of_child(whole, 0),
        "actions": lambda: of_agency(for_reader(contents.content(), COUNCIL), POLICE_NAME),
        "corrected": lambda: for_reader(contents.content(second), COUNCIL, contents.content()),
        "nine children": lambda: for_reader(contents.content(nine), contents.SCHOOL),
    }[kind]()
    assert vera.failures(seal(render(copy), sealer, contents.SIGNED), profile) == []


def test_two_children_of_one_name_are_told_apart_by_their_place():
    content = contents.content()
    one, two = content.record.children[:2]
    record = replace(
        content.record,
        children=(replace(one, name="Unborn Okonjo"), replace(two, name="Unborn Okonjo")),
        actions=tuple(
            replace(action, agency="Met", child="Unborn Okonjo", child_place=place, what=f"{place}")
            for place, action in enumerate(content.record.actions[:2])
        ),
    )
    whole = for_reader(RecordContent(record, content.blinding), COUNCIL)
    for place in (0, 1):
        assert [one.what for one in of_child(whole, place).view.actions] == [str(place)]
    second = replace(record, actions=record.actions[1:])
    copy = of_agency(for_reader(RecordContent(second, content.blinding), COUNCIL), "Met")
    assert [child.date_of_birth for child in copy.view.children] == [two.date_of_birth]
    assert [action.child_place for action in copy.view.actions] == [0]


def test_a_record_signed_before_there_were_places_keeps_its_spelling():
    spelled = canonical_bytes(contents.content())
    assert b"child_place" not in spelled
    assert from_canonical(spelled) == contents.content()
    placed = replace(
        contents.content().record,
        actions=tuple(replace(one, child_place=1) for one in contents.content().record.actions),
    )
    later = RecordContent(placed, contents.content().blinding)
    assert from_canonical(canonical_bytes(later)) == later
