"""The clock that starts when the meeting ends, and what a discussion keeps of it (B1, F5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.meetings.discussion.record_clock import record_clock
from app.protocols.exchange import restore, snapshot
from app.protocols.loading import load_protocols
from app.protocols.rules import clocks
from app.protocols.types import Clock, Facts
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
