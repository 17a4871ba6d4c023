"""When the quality service is told, and told anew (BROMLEY 1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.meetings.after.types import Conference, Standing
from app.meetings.early_notice.rules import tell_at, to_tell
from tests.clock import FRIDAY

LIKELY, REQUIRED = Conference.LIKELY, Conference.REQUIRED
NOT_LIKELY, NOT_NEEDED = Conference.NOT_LIKELY, Conference.NOT_NEEDED
BEFORE = Standing(
    ended_at=FRIDAY, enquiry_runs=True, enquiry_outcome=None, conference=None,
    quality_told_at=None, icpc_referred_at=None, icpc_booked_for=None, icpc_held_at=None,
    assessment_runs=True, assessment_completed_at=None, review_at=None, review_held_at=None,
    icpc_referral_due_at=None, icpc_due_at=None, assessment_due_at=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("conference", "told", "wanted"),
    [
        (LIKELY, None, LIKELY),
        (REQUIRED, None, REQUIRED),
        (NOT_LIKELY, None, None),
        (None, None, None),
        (LIKELY, LIKELY, None),
        (REQUIRED, LIKELY, REQUIRED),
        (LIKELY, REQUIRED, LIKELY),
        (NOT_LIKELY, LIKELY, NOT_NEEDED),
        (NOT_NEEDED, REQUIRED, NOT_NEEDED),
        (None, LIKELY, NOT_NEEDED),
        (NOT_NEEDED, NOT_NEEDED, None),
        (LIKELY, NOT_NEEDED, LIKELY),
    ],
)
def test_they_hear_what_changes_and_nothing_twice(conference, told, wanted):
    one = replace(BEFORE, conference=conference, quality_told_at=FRIDAY if told else None)
    assert to_tell(one, told) is wanted


def test_whoever_was_told_by_a_person_gets_no_letter():
    assert to_tell(replace(BEFORE, conference=LIKELY, quality_told_at=FRIDAY), None) is None


def test_a_referral_says_more_than_a_letter():
    referred = replace(BEFORE, conference=REQUIRED, icpc_referred_at=FRIDAY)
    assert to_tell(referred, None) is None
    assert to_tell(referred, LIKELY) is None
    # That it is off is still told.
    assert to_tell(replace(referred, conference=NOT_NEEDED), LIKELY) is NOT_NEEDED
    held = replace(referred, icpc_held_at=FRIDAY)
    assert to_tell(replace(held, conference=None), LIKELY) is None


def test_at_once_as_the_discussion_ends_and_later_once_it_has_settled():
    assert tell_at(FRIDAY, FRIDAY) == FRIDAY
    later = FRIDAY + timedelta(hours=2)
    assert tell_at(FRIDAY, later) == later + timedelta(minutes=5)
