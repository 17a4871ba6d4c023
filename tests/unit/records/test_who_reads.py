"""Who reads a record, their marks and what is withheld, in words: without a database."""

from __future__ import annotations

from dataclasses import replace

from app.directory.types import AgencyKind
from app.records.document.readers import for_reader
from app.records.readers import agency_mark, council_reader, left_out, person_marks, reader_for
from tests.unit.records import contents
from tests.unit.records.invited import PERSON


def test_every_kind_of_agency_in_the_directory_has_a_reader() -> None:
    for kind in AgencyKind:
        reader = reader_for(replace(PERSON, agency_kind=kind))
        assert reader.agency_kind.value in (kind.value, "other")


def test_what_a_copy_leaves_out_is_said_in_words_and_once() -> None:
    def leaves_out(kind: AgencyKind) -> tuple[str, ...]:
        reader = reader_for(replace(PERSON, agency_kind=kind, professional_id=None))
        return left_out(for_reader(contents.content(), reader).view)

    assert leaves_out(AgencyKind.SOCIAL_CARE) == ()
    assert leaves_out(AgencyKind.POLICE) == ("health of others",)
    assert leaves_out(AgencyKind.HEALTH) == ("address", "referrer")
    assert leaves_out(AgencyKind.VOLUNTARY) == ("address", "referrer", "health of others")


def test_the_councils_copy_leaves_nothing_out() -> None:
    view = for_reader(contents.content(), council_reader("Council")).view
    assert left_out(view) == ()


def test_people_and_agencies_outside_the_directory_are_still_told_apart() -> None:
    assert agency_mark(None, " St Mary's ") == agency_mark(None, "st mary's")
    assert agency_mark(None, "") == person_marks() == ""
    assert person_marks(professional_id=3) != person_marks(staff_id=3)
    assert agency_mark(3, "x") != agency_mark(None, "3")
