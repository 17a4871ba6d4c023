from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from app.records.document.canonical import canonical_sha256, copy_json
from app.records.document.readers import for_reader, may_see
from app.records.document.types import (
    AgencyKind,
    Disclosed,
    Protected,
    ProtectedKind,
    Reader,
    Withheld,
)
from app.records.readers import person_marks
from tests.unit.records import contents
from tests.unit.records.contents import (
    ADDRESS_CANARY,
    HEALTH,
    HEALTH_CANARY,
    POLICE,
    REFERRER_CANARY,
    SCHOOL,
    SOCIAL_CARE,
)

REFERRING_TEACHER = replace(SCHOOL, person_id="person-referrer")
SCHOOL_NURSE_TEAM = replace(SCHOOL, agency_id="agency-health")


# Who may see what, once more and by hand: a widening has to be written down twice.
SEEN = {
    ProtectedKind.ADDRESS: {AgencyKind.SOCIAL_CARE, AgencyKind.POLICE},
    ProtectedKind.REFERRER: {AgencyKind.SOCIAL_CARE, AgencyKind.POLICE},
    ProtectedKind.HEALTH_OF_OTHERS: {AgencyKind.SOCIAL_CARE, AgencyKind.HEALTH},
    ProtectedKind.LATE_REASON: {AgencyKind.SOCIAL_CARE},
}


@pytest.mark.parametrize("kind", list(ProtectedKind))
@pytest.mark.parametrize("agency", list(AgencyKind))
def test_the_table_decides_on_every_kind_and_reader(
    kind: ProtectedKind, agency: AgencyKind
) -> None:
    passage = Protected(kind, "words", agency_id="agency-elsewhere", person_id="person-elsewhere")
    assert may_see(contents.reader(agency), passage) is (agency in SEEN[kind])


@pytest.mark.parametrize("kind", list(ProtectedKind))
def test_nobody_is_refused_what_they_said_themselves(kind: ProtectedKind) -> None:
    assert may_see(SCHOOL, Protected(kind, "words", agency_id=SCHOOL.agency_id))
    assert may_see(REFERRING_TEACHER, Protected(kind, "words", person_id="person-referrer"))
    assert not may_see(SCHOOL, Protected(kind, "words", agency_id="agency-elsewhere"))


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        (SOCIAL_CARE, {ADDRESS_CANARY, REFERRER_CANARY, HEALTH_CANARY}),
        (POLICE, {ADDRESS_CANARY, REFERRER_CANARY}),
        (HEALTH, {HEALTH_CANARY}),
        (SCHOOL, set()),
        (REFERRING_TEACHER, {REFERRER_CANARY}),
        (SCHOOL_NURSE_TEAM, {HEALTH_CANARY}),
    ],
)
def test_each_reader_gets_what_they_may_see_and_nothing_else(
    reader: Reader, seen: set[str]
) -> None:
    copy = for_reader(contents.content(), reader)
    text = repr(copy) + copy_json(copy).decode()
    assert {canary for canary in contents.CANARIES if canary in text} == seen


@pytest.mark.parametrize("kind", list(AgencyKind))
def test_no_protected_passage_survives_in_any_copy(kind: AgencyKind) -> None:
    copy = for_reader(contents.content(), contents.reader(kind))
    assert not any(isinstance(part, Protected) for part in _parts(copy))


def test_a_passage_that_names_nobody_is_nobodys_own() -> None:
    """Empty ids must not match each other."""
    stranger = replace(SCHOOL, agency_id="", person_id="")
    for kind in ProtectedKind:
        assert not may_see(stranger, Protected(kind, "text"))


def test_a_protected_passage_in_an_unforeseen_place_is_withheld_as_well() -> None:
    record = contents.full_record()
    odd = Protected(ProtectedKind.ADDRESS, "elsewhere")
    meeting = replace(record.meeting, place=odd)  # type: ignore[arg-type]
    copy = for_reader(contents.content(replace(record, meeting=meeting)), SCHOOL)
    assert copy.view.meeting.place == Withheld(ProtectedKind.ADDRESS)  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("kind", list(ProtectedKind))
def test_what_is_to_be_done_and_what_is_disagreed_with_are_decided_on_like_the_rest(
    kind: ProtectedKind,
) -> None:
    record = contents.full_record()
    own = Protected(kind, "words", agency_id="agency-school", person_id="invitee:4 email:t@w")
    action = replace(record.actions[0], what=own, why=own)
    dissent = replace(record.dissent[0], about=own, reason=(own,))
    content = contents.content(replace(record, actions=(action,), dissent=(dissent,)))
    for reader, seen in (
        (replace(SCHOOL, agency_id="agency-school"), True),
        (replace(SCHOOL, person_id="staff:3 email:t@w"), True),
        (SCHOOL, False),
    ):
        view = for_reader(content, reader).view
        shown = Disclosed(kind, "words") if seen else Withheld(kind)
        (one,), (other,) = view.actions, view.dissent
        assert (one.what, one.why, other.about, other.reason) == (shown, shown, shown, (shown,))


TYPED = {"email": "p.thistle@school.example", "name": "Pip Thistle", "agency_name": "Oak School"}


@pytest.mark.parametrize(
    ("invited", "own"),
    [
        ({"professional_id": 7}, True),
        ({"professional_id": 8, "email": "P.Thistle@School.example "}, True),
        ({"invitee_id": 3, "name": "pip  THISTLE", "agency_name": "Oak school"}, True),
        ({"professional_id": 8, "name": "Pip Thistle", "agency_name": "Elm School"}, False),
        ({"name": "Pip Thistle", "agency_name": ""}, False),
        ({"name": "Ann Other", "agency_name": "Oak School", "email": "a@school.example"}, False),
        ({"staff_id": 7, "invitee_id": 7}, False),
        ({}, False),
    ],
)
def test_a_referrer_knows_that_they_referred_typed_in_by_hand_or_not(
    invited: dict[str, Any], own: bool
) -> None:
    passage = Protected(
        ProtectedKind.REFERRER, "Pip", person_id=person_marks(professional_id=7, **TYPED)
    )
    assert may_see(replace(SCHOOL, person_id=person_marks(**invited)), passage) is own
    nobody = Protected(ProtectedKind.REFERRER, "Pip", person_id=person_marks())
    assert not may_see(replace(SCHOOL, person_id=person_marks(**invited)), nobody)


def test_the_copy_bears_the_hash_of_the_whole_and_never_the_blinding() -> None:
    content = contents.content()
    for reader in (SCHOOL, SOCIAL_CARE):
        copy = for_reader(content, reader)
        assert copy.canonical_sha256 == canonical_sha256(content)
        assert contents.BLINDING not in repr(copy) + copy_json(copy).decode()


def test_withheld_passages_of_any_length_look_the_same() -> None:
    record = contents.full_record()
    short = replace(record, referrer=Protected(ProtectedKind.REFERRER, "X"))
    long = replace(record, referrer=Protected(ProtectedKind.REFERRER, "X" * 500))
    views = {for_reader(contents.content(r), SCHOOL).view for r in (record, short, long)}
    assert len(views) == 1


def _parts(value: object) -> list[object]:
    found = [value]
    if isinstance(value, tuple):
        children = list(value)
    elif is_dataclass(value):
        children = [getattr(value, field.name) for field in fields(value)]
    else:
        children = []
    for child in children:
        found.extend(_parts(child))
    return found
