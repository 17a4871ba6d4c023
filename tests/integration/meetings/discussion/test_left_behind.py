"""What was prepared with somebody who is removed is neither lost nor left to nobody (E1, E3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.booking.prepared import left_behind
from app.meetings.discussion import actions, queries, service
from app.meetings.discussion.content import content_of, gate_of
from app.meetings.discussion.lists_shown import names_of_owners
from app.meetings.discussion.models import Action
from app.meetings.discussion.page import hold_page
from app.meetings.discussion.types import ActionOrder
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.factories.booking import SENDER

KNOWS = "The police were called on Tuesday."


@pytest.fixture
def removed(in_app, make_case):
    """An action of somebody and what their agency knows are written down; then they are removed."""
    case = make_case(MeetingState.BOOKED, invitees=4, start=now() - timedelta(minutes=30))
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        order = ActionOrder("Visit the home", case.invitees[1], "tomorrow")
        actions.add_action(session, case.chair, meeting, order, now())
        where = case.invitee(1), "information"
        service.save_entry(session, case.chair, meeting, *where, KNOWS, 0, now())
        gone = next(one for one in meeting.invitees if one.id == case.invitees[1])
        said = left_behind(session, meeting.id, [gone])
        assert f"An action of {gone.name} stands on the chair's page" in said[0]
        assert f"Information of {gone.name} stands on the chair's page" in said[1]
        others = [one for one in meeting.invitees if one is not gone]
        assert left_behind(session, meeting.id, others) == ()
        gone.removed_at, gone.removed_reason = now(), "Left the agency"
        service.start(session, case.chair, meeting, now())
    return case, gone.name


def test_the_gate_asks_who_does_what_somebody_removed_was_to_do(removed):
    case, name = removed
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        assert name not in names_of_owners(meeting, queries.actions_of(session, meeting))
        service.end(session, case.chair, meeting, SENDER, now())
        (action,) = queries.actions_of(session, meeting)
        # Nobody was told of it, and nobody is noted as told.
        assert action.told_at is None
        asked = "Name who does this: Visit the home"
        assert asked in [one.what for one in gate_of(session, meeting)]
        order = ActionOrder("Visit the home", case.invitees[2], "tomorrow")
        actions.change_action(session, case.chair, meeting, action.id, order, action.version, now())
        assert asked not in [one.what for one in gate_of(session, meeting)]
    assert reading().get_one(Action, action.id).owner_id == case.invitees[2]


def test_what_was_written_of_somebody_removed_is_shown_recorded_and_put_right(removed):
    case, name = removed
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        page = hold_page(queries.held(session, meeting), "Helen Marsh", now())
        assert [(one.name, one.information.value) for one in page.removed] == [(name, KNOWS)]
        (given,) = content_of(session, meeting).information
        assert (given.given_by, given.passage.text) == (name, KNOWS)
        where = case.invitee(1), "information"
        service.save_entry(session, case.chair, meeting, *where, "", 1, now())
        assert content_of(session, meeting).information == ()
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        wrong = next(one for one in meeting.invitees if one.id == case.invitees[1])
        service.save_entry(session, case.chair, meeting, *where, KNOWS, 2, now())
        # Whoever is behind a wrong address has said nothing of the right person.
        wrong.wrong_address = True
        assert content_of(session, meeting).information == ()
