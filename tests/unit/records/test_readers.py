from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import pytest

from app.records.document.canonical import canonical_sha256, copy_json
from app.records.document.readers import for_reader, may_see
from app.records.document.types import (
    Action,
    AgencyKind,
    Protected,
    ProtectedKind,
    Reader,
    Withheld,
)
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
    action: Action = replace(record.actions[0], why=odd)  # type: ignore[arg-type]
    copy = for_reader(contents.content(replace(record, actions=(action,))), SCHOOL)
    assert copy.view.actions[0].why == Withheld(ProtectedKind.ADDRESS)


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
