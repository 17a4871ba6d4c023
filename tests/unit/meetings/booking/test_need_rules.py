"""From which facts a discussion's clocks run (B1), and what may be recorded afterwards (C11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.refusal import Refused
from app.meetings.need.rules import check_decided_at, check_held, facts_for
from app.protocols.types import Facts, Flag
from tests.clock import FRIDAY

MONTHS_AGO = FRIDAY - timedelta(days=120)
REFERRAL = Facts(
    received_at=MONTHS_AGO, identified_at=MONTHS_AGO, flags=frozenset({Flag.SERIOUS_HARM})
)


def _facts(referral=REFERRAL, *, first, information=None, identified=None):
    return facts_for(
        referral,
        is_first=first,
        decided_at=FRIDAY,
        information_at=information,
        identified_at=identified,
    )


def test_the_first_discussion_runs_from_the_referral():
    facts = _facts(first=True)
    assert (facts.received_at, facts.need_identified_at) == (MONTHS_AGO, FRIDAY)


def test_a_later_discussion_never_runs_from_the_months_old_referral():
    facts = _facts(first=False)
    assert facts.received_at is None
    assert facts.identified_at == facts.need_identified_at == FRIDAY
    assert facts.flags == REFERRAL.flags


def test_new_information_is_what_was_received():
    arrived = FRIDAY - timedelta(hours=3)
    facts = _facts(first=False, information=arrived)
    assert facts.received_at == facts.identified_at == arrived


def test_an_open_case_has_no_referral():
    identified = FRIDAY - timedelta(days=1)
    facts = _facts(None, first=False, identified=identified)
    assert (facts.received_at, facts.identified_at) == (None, identified)


@pytest.mark.parametrize(
    "decided_at",
    [FRIDAY + timedelta(minutes=1), FRIDAY - timedelta(days=40), FRIDAY - timedelta(hours=2)],
)
def test_a_decision_at_an_impossible_time(decided_at):
    with pytest.raises(Refused):
        check_decided_at(decided_at, FRIDAY, FRIDAY - timedelta(hours=1))


def test_a_decision_in_the_very_minute_of_the_referral():
    received = FRIDAY.replace(second=40)
    check_decided_at(FRIDAY, received + timedelta(seconds=10), received)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (timedelta(hours=1), timedelta(hours=2), "started_at"),
        (timedelta(hours=-1), timedelta(hours=1), "ended_at"),
        (timedelta(hours=-1), timedelta(hours=-1), "ended_at"),
        (timedelta(hours=-14), timedelta(hours=-1), "ended_at"),
        (timedelta(days=-40), timedelta(days=-40, hours=1), "started_at"),
    ],
)
def test_times_that_a_discussion_cannot_have(start, end, field):
    with pytest.raises(Refused) as refused:
        check_held(FRIDAY + start, FRIDAY + end, FRIDAY)
    assert refused.value.field == field
