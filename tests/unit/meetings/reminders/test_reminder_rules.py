"""Who is reminded when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.meetings.reminders.rules import due_now, wants_reminder
from app.meetings.types import Answer
from tests.clock import FRIDAY

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "due"),
    ((24.1, None), (24, 24), (10, 24), (2.1, 24), (2, 2), (0.1, 2), (0, None), (-1, None)),
)
def test_the_last_reminder_whose_time_has_come(left, due):
    assert due_now((24, 2), FRIDAY + left * HOUR, FRIDAY) == due
    assert due_now((), FRIDAY + left * HOUR, FRIDAY) is None


def wants(answer=Answer.NONE, *, removed=False, has_reported=False, told=-48.0, hours=2):
    return wants_reminder(
        answer,
        removed=removed,
        has_reported=has_reported,
        told_at=None if told is None else FRIDAY + told * HOUR,
        starts_at=FRIDAY,
        hours=hours,
    )


@pytest.mark.parametrize("answer", tuple(Answer))
def test_not_to_who_declined_or_sends_somebody_else(answer):
    assert wants(answer) is (answer not in (Answer.DECLINED, Answer.DEPUTY))


def test_a_report_is_asked_for_until_it_came():
    assert wants(Answer.REPORT)
    assert not wants(Answer.REPORT, has_reported=True)
    assert wants(Answer.DIAL_IN, has_reported=True)


def test_not_to_who_was_removed_nor_to_whom_no_letter_went():
    assert not wants(removed=True)
    assert not wants(told=None)


def test_not_when_booked_or_moved_later_than_the_reminders_time():
    assert wants(told=-24.5, hours=24)
    assert not wants(told=-24, hours=24)
    assert not wants(told=-3, hours=24)
    assert wants(told=-3, hours=2)
