"""When agencies answer and when they are reminded: no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest

from app.core.refusal import Refused
from app.protocols.loading import load_protocols
from app.referrals.checks import rules
from app.referrals.checks.types import AnswerGiven, AnswerVia, CheckState, Held
from app.referrals.types import DomesticAbuseRisk, Rating
from tests.clock import FRIDAY

AREAS = load_protocols()
DAY = timedelta(hours=24)


@dataclass
class Referred:
    received_at: datetime = FRIDAY
    identified_at: datetime | None = None
    need_identified_at: datetime | None = None
    immediate_action_at: datetime | None = None
    flags: list[str] = field(default_factory=list)
    rating: Rating | None = None
    domestic_abuse: DomesticAbuseRisk | None = None


@pytest.mark.parametrize(
    ("area", "rating", "hours", "rule"),
    [
        ("sandwell", Rating.RED, 4, "rag-red"),  # HO2014 Sandwell: 4, 24 and 72 hours
        ("sandwell", Rating.AMBER, 24, "rag-amber"),
        ("sandwell", Rating.GREEN, 72, "rag-green"),
        ("camden", Rating.RED, 4, "rag-red"),  # HO2014 Camden: red within four hours
        ("camden", Rating.AMBER, 24, "contact-decision"),
        ("bury", Rating.RED, 24, "contact-decision"),
        ("sandwell", None, 24, "contact-decision"),
    ],
)
def test_when_agencies_answer(area, rating, hours, rule):
    due = rules.due_by(AREAS[area], Referred(rating=rating), FRIDAY + DAY, None)
    assert (due.at, due.rule) == (FRIDAY + timedelta(hours=hours), rule)
    assert due.source
    assert due.reason


def test_after_reopening_the_clock_runs_from_then():
    again = FRIDAY + timedelta(days=9)
    due = rules.due_by(AREAS["sandwell"], Referred(rating=Rating.RED), again + DAY, again)
    assert due.at == again + timedelta(hours=4)


def test_reminders_come_in_the_last_quarter_and_when_time_has_run_out():
    due = FRIDAY + timedelta(hours=4)
    first = rules.first_reminder(FRIDAY, due)
    assert first == FRIDAY + timedelta(hours=3)
    assert rules.next_reminder(first, due, 1) == due
    assert rules.next_reminder(due, due, 2) is None
    assert rules.next_reminder(due + DAY, due, 1) is None
    assert rules.first_reminder(due, due) is None


def test_nobody_is_chased_twice_in_a_quarter_of_an_hour():
    rules.check_remind(FRIDAY, FRIDAY - timedelta(minutes=15), open_=True, by_mail=True)
    for minutes, open_, by_mail in ((14, True, True), (60, False, True), (60, True, False)):
        last = FRIDAY - timedelta(minutes=minutes)
        with pytest.raises(Refused):
            rules.check_remind(FRIDAY, last, open_=open_, by_mail=by_mail)


def test_states():
    due = FRIDAY + DAY
    late = due + timedelta(seconds=1)
    state = partial(rules.state_of, asked=FRIDAY)
    assert state(due, due=due, answered=None, withdrawn=None) is CheckState.WAITING
    assert state(late, due=due, answered=None, withdrawn=None) is CheckState.LATE
    assert state(late, due=due, answered=late, withdrawn=None) is CheckState.ANSWERED
    assert state(late, due=due, answered=None, withdrawn=FRIDAY) is CheckState.WITHDRAWN


def test_who_is_asked_when_the_time_has_run_out_is_late_an_hour_later():
    due, asked = FRIDAY - DAY, FRIDAY
    assert rules.late_from(FRIDAY - 2 * DAY, due) == due
    assert rules.late_from(asked, due) == rules.late_from(asked, asked) == asked + rules.AT_ONCE
    open_ = {"asked": asked, "due": due, "answered": None, "withdrawn": None}
    assert rules.state_of(asked + rules.AT_ONCE, **open_) is CheckState.WAITING
    late = asked + rules.AT_ONCE + timedelta(seconds=1)
    assert rules.state_of(late, **open_) is CheckState.LATE


def test_information_is_gathered_once_nobody_in_time_is_waited_for():
    answered, late = CheckState.ANSWERED, CheckState.LATE
    assert rules.is_gathered([answered, late])
    assert not rules.is_gathered([answered, CheckState.WAITING])
    assert not rules.is_gathered([CheckState.WITHDRAWN])
    assert not rules.is_gathered([])


def test_an_answer_says_something():
    def given(held, words):
        return AnswerGiven(held, words, "", "", AnswerVia.LINK)

    rules.check_answer(given(Held.NOTHING, ""), withdrawn=False)
    rules.check_answer(given(Held.SOMETHING, "Known since 2024"), withdrawn=False)
    for bad, withdrawn in ((given(Held.SOMETHING, ""), False), (given(Held.NOTHING, ""), True)):
        with pytest.raises(Refused):
            rules.check_answer(bad, withdrawn=withdrawn)


@pytest.mark.parametrize("people", [[], list(range(31))])
def test_somebody_is_asked_something_and_not_everybody(people):
    with pytest.raises(Refused):
        rules.check_ask(people, "What do you hold?")
    with pytest.raises(Refused):
        rules.check_ask([1], "")


@pytest.mark.parametrize(("minutes", "at_once"), [(-1, False), (0, True), (1, True)])
def test_when_the_time_has_run_out_the_answer_is_wanted_at_once(minutes, at_once):
    assert rules.wanted_at_once(FRIDAY + timedelta(minutes=minutes), FRIDAY) is at_once
