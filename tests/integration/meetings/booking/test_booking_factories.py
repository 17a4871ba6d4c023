"""The factory makes a discussion in every state, on both engines."""

from __future__ import annotations

import pytest

from app.core.session import transaction
from app.meetings.types import MeetingState
from tests.factories.meetings import make_meeting


@pytest.mark.parametrize("state", list(MeetingState))
def test_a_discussion_in_each_state(in_app, state):
    with transaction() as session:
        meeting = make_meeting(session, state, invitees=4, children=2)
        assert meeting.state is state
        assert len(meeting.children) == 2
        assert len(meeting.invitees) == (0 if state is MeetingState.NEEDED else 4)
