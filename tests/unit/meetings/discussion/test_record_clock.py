"""The clock that starts when the meeting ends, and what a discussion keeps of it (B1, F5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.meetings.discussion.record_clock import record_clock
from app.protocols.exchange import restore, snapshot
from app.protocols.loading import load_protocols
from app.protocols.rules import clocks
from app.protocols.types import Clock, Due, Facts
from tests.clock import FRIDAY

PROTOCOLS = load_protocols()
ENDED = FRIDAY + timedelta(hours=2)


def kept_by(protocol_id: str) -> dict[str, object]:
    protocol = PROTOCOLS[protocol_id]
    facts = Facts(received_at=FRIDAY, need_identified_at=FRIDAY)
    return snapshot(protocol, facts, clocks(protocol, facts))


@pytest.mark.parametrize("protocol_id", ["london", "bromley", "bury"])
def test_24_hours_from_the_end(protocol_id: str):
    kept = kept_by(protocol_id)
    clock = record_clock(kept, PROTOCOLS[protocol_id], ENDED)
    assert clock.due_at == ENDED + timedelta(hours=24)
    assert clock.rule == "record-24h"
    before, after = restore(kept), restore(clock.kept)
    assert after.facts.meeting_ended_at == ENDED
    assert after.clocks[Clock.STRATEGY_DISCUSSION] == before.clocks[Clock.STRATEGY_DISCUSSION]
    assert Clock.RECORD_CIRCULATED in after.clocks
    assert "earlier" not in clock.kept


@pytest.mark.parametrize(
    ("ended", "due", "also"),
    [
        # Over midnight: the discussion began on Thursday and ended on Friday.
        pytest.param("2026-11-20T00:20", "2026-11-21T00:20", "2026-11-23T00:20", id="midnight"),
        # The night in which the clocks go forward has 23 hours; then comes Easter Monday.
        pytest.param("2027-03-27T17:00", "2027-03-28T17:00", "2027-03-30T23:00", id="forward"),
        # The night in which they go back has 25.
        pytest.param("2026-10-24T16:00", "2026-10-25T16:00", "2026-10-27T00:00", id="back"),
        # Christmas Eve: 24 hours are over on Christmas Day, whatever day that is.
        pytest.param("2026-12-24T16:00", "2026-12-25T16:00", "2026-12-29T16:00", id="christmas"),
    ],
)
def test_the_records_clock_over_nights_and_holidays(ended: str, due: str, also: str):
    """24 elapsed hours; Bromley's 24 working hours stand beside them (BROMLEY 5). Times in UTC."""
    moment = datetime.fromisoformat(f"{ended}+00:00")
    clock = record_clock(kept_by("bromley"), PROTOCOLS["bromley"], moment)
    assert clock.due_at == datetime.fromisoformat(f"{due}+00:00")
    told = restore(clock.kept).clocks[Clock.RECORD_CIRCULATED]
    assert isinstance(told, Due)
    (other,) = told.also
    assert (other.rule, other.due_at) == (
        "record-24-working-hours", datetime.fromisoformat(f"{also}+00:00"),
    )  # fmt: skip


def test_a_protocol_changed_since_leaves_what_was_kept_word_for_word():
    kept = kept_by("bromley")
    changed = replace(PROTOCOLS["bromley"], version="2099.1", digest="another")
    clock = record_clock(kept, changed, ENDED)
    assert clock.kept["earlier"] == kept
    assert restore(clock.kept).protocol_version == "2099.1"


def test_a_protocol_that_is_gone_leaves_24_hours():
    kept = kept_by("bromley")
    clock = record_clock(kept, None, ENDED)
    assert (clock.due_at, clock.kept) == (ENDED + timedelta(hours=24), kept)
