"""A disagreement has a clock at each step, and an end (E4; IMAP 9)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core.refusal import Refused
from app.meetings.escalation import rules
from app.meetings.escalation.types import Ending
from app.protocols.loading import load_protocols
from tests.clock import FRIDAY

PROTOCOLS = load_protocols()
LADDER = rules.kept_ladder(rules.ladder_of(PROTOCOLS["bromley"]))


@pytest.mark.parametrize("protocol_id", sorted(PROTOCOLS))
def test_every_area_has_a_ladder_that_survives_being_kept(protocol_id: str):
    kept = rules.kept_ladder(rules.ladder_of(PROTOCOLS[protocol_id]))
    assert [step.id for step in kept.steps] == [
        "practitioners", "agency-managers", "partnership", "senior-officers",
    ]  # fmt: skip
    assert all(step.source.startswith("IMAP 9") for step in kept.steps)


@pytest.mark.parametrize(
    ("step", "since", "due"),
    [
        # Friday afternoon: the practitioners have until Monday night.
        (0, FRIDAY, datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)),
        # Christmas Eve: Christmas Day, the bank holiday in lieu and the weekend do not count.
        (0, datetime(2026, 12, 24, 15, tzinfo=UTC), datetime(2026, 12, 29, 23, 59, 59, tzinfo=UTC)),
        (2, datetime(2026, 12, 24, 15, tzinfo=UTC), datetime(2027, 1, 5, 23, 59, 59, tzinfo=UTC)),
        # Over the night when summer time begins: midnight in London is 11 pm in UTC.
        (0, datetime(2027, 3, 26, 15, tzinfo=UTC), datetime(2027, 3, 30, 22, 59, 59, tzinfo=UTC)),
        # Just before midnight in summer, when it is another day in UTC already or not yet.
        (0, datetime(2027, 6, 1, 22, 30, tzinfo=UTC), datetime(2027, 6, 2, 22, 59, 59, tzinfo=UTC)),
    ],
)
def test_each_step_has_its_clock(step: int, since: datetime, due: datetime):
    assert rules.due_of(LADDER.steps[step], since) == due


def test_beyond_the_known_bank_holidays_there_is_a_clock_all_the_same():
    since = datetime(2035, 6, 1, 12, tzinfo=UTC)
    assert (rules.due_of(LADDER.steps[0], since) - since).days == 7


def test_the_last_step_ends_it():
    rules.check_next(LADDER, 2)
    with pytest.raises(Refused, match="senior officer group is the last step"):
        rules.check_next(LADDER, 3)
    with pytest.raises(Refused, match="Choose how it ended"):
        rules.check_ending(None)
    assert rules.check_ending(Ending.STANDS) is Ending.STANDS
