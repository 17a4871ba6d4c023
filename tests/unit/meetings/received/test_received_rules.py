"""What an answer by calendar does, in whatever order answers arrive (D6; RFC 5546)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.invitations.replies.types import CalendarAnswer, MailKind
from app.invitations.types import PartStat
from app.meetings.received.rules import given_at, judge_answer, meant
from app.meetings.received.types import Held, Outcome, Why
from app.meetings.types import Answer, Format, MeetingState
from tests.clock import FRIDAY

EMAIL = "amina@police.example"
MINUTE = timedelta(minutes=1)
HELD = {
    "email": EMAIL,
    "sequence": 2,
    "answer": Answer.NONE,
    "answered_at": None,
    "state": MeetingState.BOOKED,
    "format": Format.CALL,
    "removed": False,
    "replaced": False,
}
SAID = {
    "uid": "u1",
    "sequence": 2,
    "attendee": EMAIL,
    "partstat": PartStat.ACCEPTED,
    "stamped_at": FRIDAY - MINUTE,
}


def judged(kind=MailKind.ANSWER, sender=EMAIL, held=None, **said):
    on_file = Held(**(HELD | (held or {})))
    return judge_answer(kind, CalendarAnswer(**(SAID | said)), sender, on_file, FRIDAY)


def look(why, answer=None):
    return (Outcome.LOOK, why, answer)


def seen(verdict):
    return (verdict.outcome, verdict.why, verdict.answer)


@pytest.mark.parametrize(
    ("partstat", "answer"),
    [(PartStat.ACCEPTED, Answer.DIAL_IN), (PartStat.TENTATIVE, Answer.TENTATIVE),
     (PartStat.DECLINED, Answer.DECLINED)],
)  # fmt: skip
def test_yes_perhaps_and_no_are_noted(partstat, answer):
    assert seen(judged(partstat=partstat)) == (Outcome.NOTED, None, answer)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"attendee": "other@police.example", "sender": "other@police.example"}, Why.OTHER_PERSON),
        ({"attendee": ""}, Why.OTHER_PERSON),
        ({"sender": "a.okafor@police.example"}, Why.OTHER_SENDER),
        ({"sender": ""}, Why.OTHER_SENDER),
        ({"held": {"removed": True}}, Why.NO_LONGER_INVITED),
        ({"held": {"replaced": True}}, Why.NO_LONGER_INVITED),
        ({"held": {"state": MeetingState.CANCELLED}}, Why.OVER),
        ({"held": {"state": MeetingState.ENDED}}, Why.OVER),
        ({"partstat": PartStat.DELEGATED}, Why.DELEGATED),
        ({"partstat": PartStat.NEEDS_ACTION}, Why.NO_ANSWER),
        ({"partstat": None}, Why.NO_ANSWER),
        ({"sequence": 3}, Why.OTHER_VERSION),
        ({"sequence": -1}, Why.OTHER_VERSION),
    ],
)
def test_what_is_not_plainly_theirs_is_for_a_person(changes, why):
    assert seen(judged(**changes)) == look(why)


def test_an_entry_that_was_not_sent_from_here():
    verdict = judge_answer(MailKind.ANSWER, CalendarAnswer(**SAID), EMAIL, None, FRIDAY)
    assert seen(verdict) == look(Why.NOT_ON_FILE)


def test_no_to_a_cancelled_meeting_needs_nobody():
    verdict = judged(partstat=PartStat.DECLINED, held={"state": MeetingState.CANCELLED})
    assert verdict.outcome is Outcome.NO_EFFECT


def test_an_older_version_is_kept_as_such_whatever_it_says():
    for partstat in (PartStat.ACCEPTED, PartStat.DECLINED):
        assert seen(judged(sequence=1, partstat=partstat)) == (Outcome.OLDER, None, None)


@pytest.mark.parametrize(
    ("held", "partstat", "verdict"),
    [
        # They said yes, then no to the entry before the last update: somebody has to ask.
        (Answer.DIAL_IN, PartStat.DECLINED, look(Why.OTHER_VERSION)),
        (Answer.DECLINED, PartStat.ACCEPTED, look(Why.OTHER_VERSION)),
        (Answer.DIAL_IN, PartStat.ACCEPTED, (Outcome.OLDER, None, None)),
        (Answer.REPORT, PartStat.DECLINED, (Outcome.OLDER, None, None)),
    ],
)
def test_an_older_version_that_contradicts_what_stands_is_for_a_person(held, partstat, verdict):
    stands = {"answer": held, "answered_at": FRIDAY - 30 * MINUTE}
    assert seen(judged(sequence=1, partstat=partstat, held=stands)) == verdict


def test_an_older_version_answered_before_the_answer_that_stands_is_overtaken():
    stands = {"answer": Answer.DIAL_IN, "answered_at": FRIDAY}
    verdict = judged(sequence=1, partstat=PartStat.DECLINED, held=stands)
    assert verdict.outcome is Outcome.OVERTAKEN


@pytest.mark.parametrize(
    ("answered", "outcome"),
    [(-2 * MINUTE, Outcome.NOTED), (-MINUTE, Outcome.NOTED),
     (-MINUTE + timedelta(seconds=1), Outcome.OVERTAKEN), (timedelta(), Outcome.OVERTAKEN)],
)  # fmt: skip
def test_of_two_answers_the_one_given_last_holds(answered, outcome):
    held = {"answer": Answer.DECLINED, "answered_at": FRIDAY + answered}
    assert judged(held=held).outcome is outcome


def test_after_the_time_moved_the_moment_of_the_old_answer_counts_for_nothing():
    held = {"answer": Answer.NONE, "answered_at": FRIDAY}
    assert judged(held=held).outcome is Outcome.NOTED


def test_a_clock_that_is_fast_or_missing_is_held_to_ours():
    for stamped in (FRIDAY + timedelta(days=400), None):
        assert given_at(CalendarAnswer(**(SAID | {"stamped_at": stamped})), FRIDAY) == FRIDAY


def test_another_time_moves_nothing_and_says_who_comes():
    verdict = judged(MailKind.COUNTER, partstat=PartStat.TENTATIVE)
    assert seen(verdict) == look(Why.COUNTER, Answer.TENTATIVE)
    assert seen(judged(MailKind.COUNTER, sequence=1)) == look(Why.COUNTER)
    assert seen(judged(MailKind.COUNTER, sequence=99)) == look(Why.COUNTER)
    assert seen(judged(MailKind.COUNTER, sequence=-1)) == look(Why.COUNTER)


def test_a_fuller_answer_is_not_made_poorer_by_a_calendar():
    assert meant(PartStat.ACCEPTED, Answer.ATTEND, Format.CALL) is Answer.ATTEND
    assert meant(PartStat.DECLINED, Answer.REPORT, Format.CALL) is Answer.REPORT
    assert meant(PartStat.DECLINED, Answer.ATTEND, Format.CALL) is Answer.DECLINED
    assert meant(PartStat.ACCEPTED, Answer.NONE, Format.MEETING) is Answer.ATTEND
