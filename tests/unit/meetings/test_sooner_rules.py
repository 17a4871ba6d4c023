"""Which action counts for a deadline that has become earlier (B1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.meetings.sooner.rules import facts_now
from app.protocols.types import Facts, Flag
from tests.clock import FRIDAY

EARLIER = FRIDAY - timedelta(hours=3)
KEPT = Facts(received_at=FRIDAY, identified_at=FRIDAY, need_identified_at=FRIDAY)
ACTED = Facts(flags=frozenset({Flag.IMMEDIATE_ACTION}), immediate_action_at=EARLIER)


@pytest.mark.parametrize(
    ("received_at", "counts"),
    [
        pytest.param(FRIDAY, EARLIER, id="of the referral that it is the first discussion of"),
        pytest.param(None, EARLIER, id="of its open case"),
        pytest.param(FRIDAY - timedelta(days=90), None, id="of a referral of months ago"),
    ],
)
def test_an_action_before_the_clock_began_counts_where_it_is_of_this_need(received_at, counts):
    assert facts_now(KEPT, replace(ACTED, received_at=received_at)).immediate_action_at == counts


def test_an_action_since_counts_and_one_that_was_counted_stays():
    since = FRIDAY + timedelta(hours=1)
    old = replace(ACTED, received_at=FRIDAY - timedelta(days=90), immediate_action_at=since)
    assert facts_now(KEPT, old).immediate_action_at == since
    counted = replace(KEPT, immediate_action_at=FRIDAY)
    assert facts_now(counted, old).immediate_action_at == FRIDAY
