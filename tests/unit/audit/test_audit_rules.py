"""How the chain is hashed: every column counts, and the moment counts as a moment."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from app.audit.rules import GENESIS, entry_digest, head_seal, views_digest
from tests.clock import FRIDAY

ROW = {
    "entry_id": 1,
    "at": FRIDAY,
    "actor_kind": "staff",
    "actor_id": 7,
    "actor_label": "Helen Marsh",
    "action": "entered",
    "subject_kind": "referral",
    "subject_ref": "RF-1",
    "details": {"b": 1, "a": 2},
}
WHOLE = entry_digest(GENESIS, **ROW)


@pytest.mark.parametrize(
    "change",
    [
        {"entry_id": 2},
        {"at": FRIDAY + timedelta(microseconds=1)},
        {"actor_kind": "guest"},
        {"actor_id": None},
        {"actor_label": "helen marsh"},
        {"action": "entered "},
        {"subject_kind": "child"},
        {"subject_ref": "RF-2"},
        {"details": {"b": 1}},
        # Moving a letter from one column to the next is another row.
        {"subject_kind": "referra", "subject_ref": "lRF-1"},
    ],
)
def test_every_column_counts(change):
    assert entry_digest(GENESIS, **(ROW | change)) != WHOLE


def test_the_row_before_counts():
    assert entry_digest("1" * 64, **ROW) != WHOLE


def test_the_same_moment_and_details_in_another_order_are_the_same():
    same = {
        "at": FRIDAY.astimezone(timezone(timedelta(hours=5))),
        "details": {"a": 2, "b": 1},
    }
    assert entry_digest(GENESIS, **(ROW | same)) == WHOLE


def test_views_count_in_their_order():
    one, two = (1, FRIDAY, "staff"), (2, FRIDAY, "staff")
    assert views_digest([one, two]) != views_digest([two, one])
    assert views_digest([one]) != views_digest([])


def test_the_seal_needs_the_key():
    assert head_seal(b"a", 1, WHOLE) != head_seal(b"b", 1, WHOLE)
    assert head_seal(b"a", 1, WHOLE) != head_seal(b"a", 2, WHOLE)
