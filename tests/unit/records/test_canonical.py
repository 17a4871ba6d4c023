from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.records.document.canonical import (
    CanonicalError,
    canonical_bytes,
    canonical_sha256,
    from_canonical,
    new_blinding,
)
from app.records.document.types import Protected, ProtectedKind, RecordContent, SignOff
from tests.unit.records import contents

ALL = (
    contents.content,
    contents.empty_content,
    contents.three_children,
    contents.many_languages,
)


@pytest.mark.parametrize("make", ALL)
def test_a_content_comes_back_from_its_bytes(make: Any) -> None:
    content = make()
    assert from_canonical(canonical_bytes(content)) == content


def test_the_spelling_stays_what_it_was_when_records_were_signed() -> None:
    """A new field or another order would orphan every signature: that needs a new format."""
    bare = canonical_bytes(contents.empty_content())
    assert bare.startswith(b'{"content":{"blinding":"5f5f')
    assert b'"due_date":"2027-02-14"' in bare
    assert bare.endswith(b'"version":1}},"format":"strategy-discussion-record/1"}')
    assert (
        canonical_sha256(contents.empty_content())
        == "6086667952cf22cc757909f8a2663fc325f70f25ca48f785a50144c0c73c1041"
    )


def test_the_same_instant_in_another_zone_has_the_same_hash() -> None:
    record = contents.full_record()
    local = record.sign_off.signed_at.astimezone(ZoneInfo("Asia/Tokyo"))
    moved = replace(record, sign_off=replace(record.sign_off, signed_at=local))
    assert canonical_sha256(contents.content(moved)) == canonical_sha256(contents.content())


def test_the_hash_changes_with_any_value_and_with_the_blinding() -> None:
    record = contents.full_record()
    whole = contents.content()
    others = (
        contents.content(replace(record, version=2)),
        contents.content(replace(record, referrer=None)),
        contents.content(replace(record, children=record.children[::-1])),
        replace(whole, blinding=new_blinding()),
    )
    assert len({canonical_sha256(content) for content in (whole, *others)}) == 5


def test_a_short_blinding_is_refused() -> None:
    with pytest.raises(ValueError, match="blinding is too short"):
        RecordContent(contents.full_record(), "1234")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 1.5}, "cannot hold a float"),
        ({"sign_off": SignOff("A", "B", datetime(2026, 11, 19, 12))}, "no time zone"),  # noqa: DTZ001
        ({"authority": "\ud800"}, "lone surrogate"),
    ],
)
def test_what_has_no_canonical_spelling_is_refused(change: Any, words: str) -> None:
    content = contents.content(replace(contents.full_record(), **change))
    with pytest.raises(CanonicalError, match=words):
        canonical_bytes(content)


def _touched(**changes: object) -> bytes:
    document = json.loads(canonical_bytes(contents.content()))
    document["content"]["record"].update(changes)
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"format":"strategy-discussion-record/2","content":{}}',
        b"[" * 100_000,
        canonical_bytes(contents.content()) + b"\n",
        canonical_bytes(contents.content()).replace(b'"version":1', b'"version": 1'),
        _touched(version="1"),
        _touched(version=True),
        _touched(extra="field"),
        _touched(children=None),
        _touched(referrer="Philippa"),
        _touched(quorum={"met": True}),
    ],
)
def test_bytes_that_are_no_canonical_content_are_refused(stored: bytes) -> None:
    with pytest.raises(CanonicalError):
        from_canonical(stored)


def test_days_and_instants_of_actions_stay_what_they_are() -> None:
    back = from_canonical(canonical_bytes(contents.content())).record.actions
    assert back[0].due == datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    assert type(back[1].due) is date


def test_why_it_was_late_is_read_as_it_was_signed_open_or_protected() -> None:
    record = contents.full_record()
    for reason in ("No line was free.", Protected(ProtectedKind.LATE_REASON, "No line was free.")):
        kept = contents.content(
            replace(record, clocks=(replace(record.clocks[0], met=False, reason_late=reason),))
        )
        assert from_canonical(canonical_bytes(kept)) == kept
    assert b'"reason_late":""' in canonical_bytes(contents.content())


def test_a_place_is_spelled_as_it_was_and_as_a_protected_passage_where_it_is_one() -> None:
    """What was signed before a place could be protected keeps its bytes."""
    record = contents.full_record()
    room = replace(record, meeting=replace(record.meeting, place="Room 2"))
    spelled = canonical_bytes(contents.content(room))
    assert b'"place":"Room 2"' in spelled
    assert from_canonical(spelled) == contents.content(room)
    home = replace(record.meeting, place=Protected(ProtectedKind.ADDRESS, "At home"))
    kept = contents.content(replace(record, meeting=home))
    assert from_canonical(canonical_bytes(kept)) == kept
    assert b'"place":{"agency_id":"","kind":"address"' in canonical_bytes(kept)
