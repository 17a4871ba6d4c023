"""A deputy stands in the place of whoever was invited (D4, E1, E3, F5)."""

from __future__ import annotations

from datetime import timedelta

from app.core.session import reading, transaction
from app.meetings.discussion import actions, people, queries, service
from app.meetings.discussion.content import content_of
from app.meetings.discussion.models import Action
from app.meetings.discussion.page import hold_page
from app.meetings.discussion.types import ActionOrder, person_scope
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Attendance
from app.referrals.sender import Sender
from tests.clock import FRIDAY
from tests.factories.meetings import make_invitee

SENDER = Sender("desk@example.org", "http://desk.example.org")
LATER = FRIDAY + timedelta(days=1)


def with_deputy(session, case, place: int = 1) -> Invitee:
    meeting = session.get_one(Meeting, case.meeting_id)
    first = meeting.invitees[place]
    deputy = make_invitee(session, meeting, first.role, first.agency_kind)
    deputy.name, deputy.deputy_for_id = "Jo Deputy", first.id
    session.flush()
    session.refresh(meeting)
    return deputy


def shown(session, case):
    held = queries.held(session, session.get_one(Meeting, case.meeting_id))
    return hold_page(held, "Helen Marsh", LATER)


def test_the_deputy_counts_and_the_invited_does_not(in_app, case):
    with transaction() as session:
        deputy = with_deputy(session, case)
        deputy.attendance = Attendance.BY_PHONE
    page = shown(reading(), case)
    assert page.here == "1 of 4 here"
    assert case.invitees[1] not in {person.id for person in page.people}
    assert case.invitees[1] not in {person.id for person in page.speakers}
    (person,) = [one for one in page.people if one.name == "Jo Deputy"]
    meeting = reading().get_one(Meeting, case.meeting_id)
    assert [one.name for one in person.instead_of] == [meeting.invitees[1].name]
    said = content_of(reading(), meeting)
    in_record = [(one.name, one.deputy_for) for one in said.people]
    assert len(in_record) == 4
    assert ("Jo Deputy", meeting.invitees[1].name) in in_record


def test_who_came_after_all_counts_beside_the_deputy(in_app, case):
    with transaction() as session:
        with_deputy(session, case)
        meeting = session.get_one(Meeting, case.meeting_id)
        people.set_attendance(
            session, case.chair, meeting, case.invitees[1], Attendance.JOINED_LATE, LATER
        )
    page = shown(reading(), case)
    assert page.here == "1 of 5 here"
    (person,) = [one for one in page.people if one.name == "Jo Deputy"]
    assert person.instead_of == ()


def test_a_removed_deputy_stands_for_nobody(in_app, case):
    with transaction() as session:
        with_deputy(session, case).removed_at = LATER
    assert shown(reading(), case).here == "0 of 4 here"


def test_what_was_written_before_stays_on_the_page_and_in_the_record(in_app, case):
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        scope = person_scope(case.invitees[1])
        service.save_field(
            session, case.chair, meeting, scope, "information", "Known address.", 0, LATER
        )
        with_deputy(session, case)
    page = shown(reading(), case)
    assert case.invitees[1] in {person.id for person in page.speakers}
    said = content_of(reading(), reading().get_one(Meeting, case.meeting_id))
    assert [one.passage.text for one in said.information] == ["Known address."]


def test_actions_pass_to_the_deputy_when_the_discussion_ends(in_app, case):
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        order = ActionOrder("Visit the home", case.invitees[1], "tomorrow 5 pm", None, "")
        action_id = actions.add_action(session, case.chair, meeting, order, LATER).id
        deputy_id = with_deputy(session, case).id
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        service.end(session, case.chair, meeting, SENDER, LATER)
    assert reading().get_one(Action, action_id).owner_id == deputy_id
    said = content_of(reading(), reading().get_one(Meeting, case.meeting_id))
    assert [action.owner_name for action in said.actions] == ["Jo Deputy"]
