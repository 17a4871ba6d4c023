"""How long a case is kept, when it may be closed and deleted (H8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.refusal import Refused
from app.protocols.loading import load_protocols
from app.retention.rules import (
    check_deletable,
    check_longer,
    keep_until,
    may_go,
    stage_of,
    still_open,
    youngest,
)
from app.retention.types import CaseFacts, Stage
from tests.clock import FRIDAY

DAY = timedelta(days=1)
PERIODS = load_protocols()["bromley"].retention
CASE = CaseFacts(
    began_at=FRIDAY,
    decided=True,
    discussed=False,
    looked_after=False,
    births=(date(2015, 3, 1),),
    meetings_open=0,
    records_not_circulated=0,
    corrections=0,
    actions_open=0,
    steps_open=0,
    disagreements_open=0,
    checks_open=0,
    abuse_cases_open=0,
)


@pytest.mark.parametrize(
    ("changes", "rule", "until"),
    [
        ({}, "every-case-6y", datetime(2032, 11, 20, 23, 59, 59, tzinfo=UTC)),
        ({"discussed": True}, "discussed-25y", datetime(2040, 3, 1, 23, 59, 59, tzinfo=UTC)),
        # The end is that of the day in London, in summer time too.
        (
            {"discussed": True, "births": (date(2015, 3, 1), date(2019, 7, 1))},
            "discussed-25y",
            datetime(2044, 7, 1, 22, 59, 59, tzinfo=UTC),
        ),
        ({"looked_after": True}, "looked-after-75y", datetime(2090, 3, 1, 23, 59, 59, tzinfo=UTC)),
        # A child of seventeen and a half at the end: six years from the closing are longer.
        (
            {"discussed": True, "births": (date(2005, 1, 1),)},
            "every-case-6y",
            datetime(2032, 11, 20, 23, 59, 59, tzinfo=UTC),
        ),
        # Nobody knows the birthday: at the latest the day on which the case began.
        (
            {"discussed": True, "births": (None,)},
            "discussed-25y",
            datetime(2051, 11, 20, 23, 59, 59, tzinfo=UTC),
        ),
        (
            {"discussed": True, "births": (date(2024, 2, 29),)},
            "discussed-25y",
            datetime(2049, 3, 1, 23, 59, 59, tzinfo=UTC),
        ),
    ],
)
def test_the_longest_period_that_holds_counts(changes, rule, until):
    kept = keep_until(PERIODS, replace(CASE, **changes), FRIDAY)
    assert (kept.rule, kept.until) == (rule, until)
    assert kept.source and kept.document and kept.reason


def test_a_case_without_children_counts_from_its_beginning():
    assert youngest(replace(CASE, births=())) == date(2026, 11, 20)


@pytest.mark.parametrize(
    "open_",
    [
        {"decided": False},
        {"meetings_open": 1},
        {"records_not_circulated": 1},
        {"corrections": 1},
        {"actions_open": 2},
        {"steps_open": 1},
        {"disagreements_open": 1},
        {"checks_open": 1},
        {"abuse_cases_open": 1},
    ],
)
def test_each_thing_that_is_open_is_said(open_):
    assert len(still_open(replace(CASE, **open_))) == 1
    assert still_open(CASE) == []


def test_a_hold_goes_before_everything_but_the_deletion():
    def stage(**how):
        given = {"held": False, "approved": False, "deleted": False}
        return stage_of(keep_until=FRIDAY, **given | how)

    assert stage(now=FRIDAY) is Stage.KEPT
    assert stage(now=FRIDAY + DAY) is Stage.DUE
    assert stage(now=FRIDAY + DAY, approved=True) is Stage.APPROVED
    assert stage(now=FRIDAY + DAY, approved=True, held=True) is Stage.HELD
    assert stage(now=FRIDAY, deleted=True, approved=True) is Stage.DELETED


@pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.DUE])
def test_only_what_is_due_can_be_deleted(stage):
    with pytest.raises(Refused):
        check_deletable(stage, 0)
    check_deletable(Stage.DUE, 0)
    with pytest.raises(Refused, match="Another case"):
        check_deletable(Stage.DUE, 1)


def test_two_weeks_lie_between_the_word_and_the_deed():
    assert not may_go(FRIDAY, FRIDAY + 14 * DAY - timedelta(seconds=1))
    assert may_go(FRIDAY, FRIDAY + 14 * DAY)


def test_longer_is_longer_and_ends():
    check_longer(FRIDAY + 2 * DAY, FRIDAY + DAY, FRIDAY)
    for until in (FRIDAY, FRIDAY + DAY, FRIDAY + 366 * 31 * DAY):
        with pytest.raises(Refused) as refusal:
            check_longer(until, FRIDAY + DAY, FRIDAY)
        assert refusal.value.field == "until"
