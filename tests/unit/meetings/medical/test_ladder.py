"""BROMLEY 1: email the form, telephone, again after ten minutes, then reception."""

from __future__ import annotations

from datetime import timedelta

from app.meetings.calls.types import CallShown, Outcome
from app.meetings.medical.rules import again_after, ladder, number_to_ring
from tests.clock import FRIDAY

TEN = timedelta(minutes=10)
CENTRE, RECEPTION = "020 7946 0140", "020 7946 0141"


def call(number, outcome=Outcome.NO_ANSWER, at=FRIDAY, said=None):
    wait = again_after(number, 10, RECEPTION)
    again = at + wait if wait and outcome is not Outcome.SPOKE else None
    return CallShown(number, None, 1, outcome, said, at, again, "Amina Cole")


def states(calls, now=FRIDAY):
    return [one.state for one in ladder(FRIDAY, calls, 10, CENTRE, RECEPTION, now)]


def test_the_form_is_out_and_the_first_call_is_due_at_once():
    assert states([]) == ["done", "now", "later", "later"]
    assert number_to_ring([], CENTRE, RECEPTION) == CENTRE


def test_without_an_answer_again_after_ten_minutes_and_the_time_is_told():
    first = call(1)
    assert states([first], FRIDAY + TEN - timedelta(seconds=1))[2] == "wait"
    step = ladder(FRIDAY, [first], 10, CENTRE, RECEPTION, FRIDAY + timedelta(minutes=4))[2]
    assert step.words == "At 4:55 pm, in 6 minutes"
    assert states([first], FRIDAY + TEN) == ["done", "done", "now", "later"]
    assert number_to_ring([first], CENTRE, RECEPTION) == CENTRE


def test_then_the_reception_at_once_and_again_until_somebody_answers():
    two = [call(1), call(2, at=FRIDAY + TEN)]
    assert states(two, FRIDAY + TEN) == ["done", "done", "done", "now"]
    assert number_to_ring(two, CENTRE, RECEPTION) == RECEPTION
    three = [*two, call(3, Outcome.MESSAGE_LEFT, FRIDAY + 2 * TEN)]
    assert states(three, FRIDAY + 2 * TEN) == ["done", "done", "done", "wait"]
    answered = [*three, call(4, Outcome.SPOKE, FRIDAY + 3 * TEN, "Dr Imani comes")]
    last = ladder(FRIDAY, answered, 10, CENTRE, RECEPTION, FRIDAY + 3 * TEN)[3]
    assert (last.state, last.words) == ("done", "Spoke at 5:15 pm: Dr Imani comes")


def test_whoever_answers_at_once_ends_it():
    assert states([call(1, Outcome.SPOKE)]) == ["done", "done", "later", "later"]


def test_a_council_without_a_reception_rings_the_same_number():
    assert number_to_ring([call(1), call(2)], CENTRE, "") == CENTRE
    assert again_after(2, 10, "") == TEN
