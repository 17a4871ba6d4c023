"""When to telephone again, whom first, and how far somebody was reached."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.meetings.calls.rules import Order, again_at, knows, letters_fail, place_in_list
from app.meetings.calls.types import Outcome
from app.meetings.reach import Reach, reach_of
from app.meetings.types import MessageKind
from app.outbox.types import MessageState
from tests.clock import FRIDAY

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("outcome", "left", "minutes"),
    (
        (Outcome.SPOKE, 600, None),
        (Outcome.NO_ANSWER, 600, 10),
        (Outcome.MESSAGE_LEFT, 600, 30),
        (Outcome.MESSAGE_LEFT, 61, 30),
        (Outcome.MESSAGE_LEFT, 60, 10),
        (Outcome.MESSAGE_LEFT, -5, 10),
    ),
)
def test_when_to_try_again(outcome, left, minutes):
    expected = None if minutes is None else FRIDAY + minutes * MINUTE
    assert again_at(outcome, FRIDAY, FRIDAY + left * MINUTE) == expected


def test_without_a_time_a_message_still_waits_half_an_hour():
    assert again_at(Outcome.MESSAGE_LEFT, FRIDAY, None) == FRIDAY + 30 * MINUTE


@pytest.mark.parametrize(
    ("last", "again", "known", "place"),
    (
        (None, None, False, Order.NOT_YET),
        (None, None, True, Order.DONE),
        (Outcome.SPOKE, None, True, Order.DONE),
        (Outcome.NO_ANSWER, FRIDAY, False, Order.AGAIN_NOW),
        (Outcome.NO_ANSWER, FRIDAY + MINUTE, False, Order.AGAIN_LATER),
        (Outcome.NO_ANSWER, FRIDAY, True, Order.DONE),
    ),
)
def test_whom_to_telephone_first(last, again, known, place):
    assert place_in_list(last, again, known, FRIDAY) == place


BEFORE, AFTER = FRIDAY - MINUTE, FRIDAY + MINUTE


@pytest.mark.parametrize(
    ("letters", "answered_at", "heard_at", "news_at", "known"),
    (
        (True, None, None, None, False),
        (True, BEFORE, None, FRIDAY, True),  # a letter tells them what is new
        (True, None, BEFORE, None, True),
        (True, None, BEFORE, FRIDAY, False),
        (True, None, AFTER, FRIDAY, True),
        (False, BEFORE, None, None, True),
        (False, BEFORE, None, FRIDAY, False),
        (False, BEFORE, AFTER, FRIDAY, True),
        (False, AFTER, BEFORE, FRIDAY, True),
        (False, None, FRIDAY, FRIDAY, True),
    ),
)
def test_what_was_told_before_a_change_counts_no_more(
    letters, answered_at, heard_at, news_at, known
):
    said = knows(
        letters=letters, answered=answered_at is not None, answered_at=answered_at,
        heard_at=heard_at, news_at=news_at,
    )  # fmt: skip
    assert said is known


FIRST, U, C = MessageKind.INVITATION, MessageKind.UPDATE, MessageKind.CANCELLATION
S, Q, B, R = MessageState.SENT, MessageState.QUEUED, MessageState.BOUNCED, MessageState.REFUSED


@pytest.mark.parametrize(
    ("answered", "calls", "messages", "reach"),
    (
        (False, (), (), Reach.NOT_SENT),
        (False, (), (Q,), Reach.QUEUED),
        (False, (), (S,), Reach.SENT),
        (False, (), (S, B), Reach.BOUNCED),
        (False, (), (B, S), Reach.SENT),
        (False, (), (R, MessageState.WITHDRAWN), Reach.REFUSED),
        (False, (), (MessageState.DEAD,), Reach.REFUSED),
        (False, (Outcome.MESSAGE_LEFT,), (B,), Reach.BOUNCED),
        (False, (Outcome.SPOKE, Outcome.NO_ANSWER), (B,), Reach.TELEPHONED),
        (True, (Outcome.SPOKE,), (B,), Reach.ANSWERED),
    ),
)
def test_how_far_somebody_was_reached(answered, calls, messages, reach):
    assert reach_of(answered, calls, messages) is reach


@pytest.mark.parametrize(
    ("letters", "fail"),
    (
        ((), False),
        (((FIRST, Q),), False),
        (((FIRST, B),), True),
        (((FIRST, S), (U, R)), True),
        (((FIRST, S), (U, MessageState.WITHDRAWN)), False),
        (((FIRST, B), (C, Q)), True),
        (((FIRST, B), (U, S), (C, S)), True),  # to the address that mail comes back from
        (((FIRST, B), (FIRST, Q)), False),
        (((FIRST, B), (FIRST, S), (C, S)), False),
        (((FIRST, B), (FIRST, B)), True),
    ),
)
def test_what_failed_counts_until_the_invitation_is_sent_again(letters, fail):
    assert letters_fail(letters) is fail
