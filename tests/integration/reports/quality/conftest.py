"""What tests of quality begin with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import london_date, now
from app.meetings.types import Attendance, MeetingState
from app.referrals.types import Outcome
from app.reports.quality.periods import (
    month_before,
)  # fmt: skip
from tests.factories.directory import make_agency
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral


@pytest.fixture
def held(change) -> str:
    """A discussion that ended two hours ago, with people who took part and one who did not."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, 5)
        for one in meeting.invitees:
            one.attendance = Attendance.BY_PHONE
        meeting.invitees[-1].attendance = Attendance.ABSENT
        meeting.ended_at = now() - timedelta(hours=2)
        meeting.started_at = meeting.ended_at - timedelta(hours=1)
        return meeting.ref


@pytest.fixture
def month(change):
    """Referrals of last month, decided in several ways."""
    period = month_before(london_date(now()))
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        for number, outcome in enumerate([*Outcome][:4] * 4):
            at = period.moments[0] + timedelta(days=number)
            make_referral(session, 1, received_at=at, decided=outcome, source=school)
    return period
