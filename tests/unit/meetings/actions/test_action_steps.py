"""When an owner is reminded, and what a report must say (E3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.refusal import Refused
from app.meetings.actions.rules import check_report, closed_at, step_due, wants_reminder
from app.meetings.types import ActionState
from tests.clock import FRIDAY

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("from_due", "step"),
    [
        (-25 * HOUR, None),
        (-24 * HOUR, 0),
        (-HOUR, 0),
        (0 * HOUR, 1),
        (71 * HOUR, 1),
        (72 * HOUR, 2),
        (24 * 30 * HOUR, 11),
    ],
)
def test_a_day_before_when_it_has_passed_and_every_three_days(from_due, step):
    assert step_due(FRIDAY, FRIDAY + from_due) == step


def test_who_was_just_told_is_not_reminded_before_but_after():
    assert wants_reminder(0, FRIDAY, FRIDAY - 25 * HOUR)
    assert not wants_reminder(0, FRIDAY, FRIDAY - 23 * HOUR)
    assert wants_reminder(1, FRIDAY, FRIDAY - HOUR)


def test_what_cannot_be_done_needs_a_reason_and_an_old_page_is_refused():
    with pytest.raises(Refused, match="stands in the way"):
        check_report(ActionState.NOT_POSSIBLE, "", seen_version=1, version=1)
    with pytest.raises(Refused, match="meanwhile"):
        check_report(ActionState.DONE, "", seen_version=1, version=2)
    check_report(ActionState.DONE, "", seen_version=2, version=2)


def test_an_action_is_closed_once_and_opened_again():
    later = FRIDAY + HOUR
    assert closed_at(ActionState.DONE, None, later) == later
    assert closed_at(ActionState.NOT_POSSIBLE, FRIDAY, later) == FRIDAY
    assert closed_at(ActionState.OPEN, FRIDAY, later) is None
