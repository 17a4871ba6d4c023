"""Owners are reminded by link until they say how it stands; staff by a notice (E3)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import from_london, london_date, now, words_for_day
from app.core.session import db, reading, transaction
from app.invitations.models import Invitation
from app.meetings.actions.models import ActionReminder
from app.meetings.actions.worker import remind_owners
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, MeetingState
from app.outbox.models import OutboxMessage
from tests.clock import FRIDAY
from tests.factories.meetings import make_meeting
from tests.factories.records import make_action
from tests.page_form import form_of

HOUR = timedelta(hours=1)


@pytest.fixture
def due(in_app):
    """A discussion that ended three days before; the chair and two others each have an action."""
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.ENDED, invitees=4)
        ends = meeting.ended_at + 72 * HOUR
        for owner in meeting.invitees[:3]:
            action = make_action(meeting, owner)
            action.due_at = ends
            session.add(action)
    return ends


def run(in_app, moment):
    queued = remind_owners(in_app.extensions["settings"], moment)
    db.session.remove()
    return queued


def kinds():
    rows = reading().execute(select(OutboxMessage.kind).order_by(OutboxMessage.id))
    return sorted(rows.scalars())


def test_a_day_before_once_it_has_passed_and_every_three_days(in_app, due):
    assert run(in_app, due - 25 * HOUR) == 0
    assert run(in_app, due - 24 * HOUR) == 3
    assert kinds() == ["actions_soon", "actions_soon", "notice"]
    assert run(in_app, due - HOUR) == 0
    assert run(in_app, due) == 3
    assert run(in_app, due + 71 * HOUR) == 0
    assert run(in_app, due + 72 * HOUR) == 3
    assert kinds().count("actions_late") == 4


def test_who_reported_is_left_in_peace_and_one_letter_serves_several_actions(in_app, due):
    with transaction() as session:
        first, second, third = session.execute(select(Action).order_by(Action.id)).scalars()
        first.state, first.closed_at = ActionState.DONE, due
        third.owner_id = second.owner_id
        third.due_at = due + HOUR
    assert run(in_app, due) == 1
    assert kinds() == ["actions_late"]
    assert run(in_app, due + HOUR) == 1


def test_who_has_no_address_or_is_no_longer_invited_holds_nobody_up(in_app, due):
    with transaction() as session:
        _chair, second, third, _ = session.execute(select(Invitee).order_by(Invitee.id)).scalars()
        second.removed_at = FRIDAY
        third.email, third.invitation_id = None, None
    assert run(in_app, due) == 1
    assert len(reading().execute(select(ActionReminder)).scalars().all()) == 3
    assert run(in_app, due + HOUR) == 0


def test_a_dead_link_is_replaced_and_a_letter_says_nothing_of_the_case(in_app, due):
    with transaction() as session:
        second = session.execute(select(Invitee).order_by(Invitee.id)).scalars().all()[1]
        session.get_one(Invitation, second.invitation_id).revoked_at = FRIDAY
        before = second.invitation_id
    run(in_app, due)
    second = reading().get_one(Invitee, second.id)
    assert second.invitation_id not in (None, before)
    for content in reading().execute(select(OutboxMessage.content)).scalars():
        assert b"Do the thing" not in content and b"Overdue: your actions after" in content


def test_a_discussion_still_under_way_reminds_nobody(in_app, due):
    with transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        meeting.state, meeting.ended_at = MeetingState.UNDER_WAY, None
    assert run(in_app, due) == 0


def test_the_desk_sees_open_actions_and_notes_what_it_is_told(app, change, signed_in):
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, invitees=3)
        actions = [make_action(meeting, owner) for owner in meeting.invitees]
        for action in actions:
            action.due_at = now() - HOUR
        session.add_all(actions)
        session.flush()
        ref, number = meeting.ref, actions[1].id
    browser = signed_in(Role.ADMINISTRATOR)
    page = browser.get("/actions").get_data(as_text=True)
    assert page.count("Overdue") == 3 and "Do the thing number 1" in page
    assert "No action is open" in browser.get("/actions?mine=1").get_data(as_text=True)
    path = f"/discussions/{ref}/actions/{number}"
    typed = form_of(browser.get(path).get_data(as_text=True), path)
    refused = browser.post(path, data=typed | {"state": "not_possible"})
    assert refused.status_code == 422 and b"Say what stands in the way" in refused.data
    told = typed | {"state": "done", "progress": "Rang: seen at school this morning."}
    assert browser.post(path, data=told).status_code == 303
    again = browser.post(path, data=told)
    assert again.status_code == 422 and b"Somebody reported on this meanwhile" in again.data
    assert browser.get("/actions").get_data(as_text=True).count("Overdue") == 2
    with app.app_context():
        action = reading().get_one(Action, number)
        assert (action.state, action.closed_at is not None) == (ActionState.DONE, True)
        entry = select(AuditEntry).where(AuditEntry.action == "reported on an action")
        assert reading().execute(entry).scalar_one().subject_ref == ref


def test_open_actions_turn_by_key_and_a_broken_key_is_the_first_page(app, change, signed_in):
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, invitees=2)
        for _ in range(30):
            action = make_action(meeting, meeting.invitees[1])
            action.due_at = FRIDAY
            session.add(action)
    browser = signed_in(Role.CHAIR)
    page = browser.get("/actions").get_data(as_text=True)
    assert page.count("Say how it stands") == 25 and "Later ones" in page
    older = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
    second = browser.get(older.replace("&amp;", "&")).get_data(as_text=True)
    assert second.count("Say how it stands") == 5 and "First page" in second
    for broken in ("?due=x&after=1", "?due=2026-11-20T10:00:00&after=1", "?after=9"):
        assert browser.get(f"/actions{broken}").get_data(as_text=True).count("tands<span") == 25


def test_an_action_for_a_day_is_shown_with_that_day(app, change, signed_in):
    """E3: nobody said 11:59 pm."""
    ends = from_london(datetime.combine(london_date(now()), time(23, 59)))
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, invitees=3)
        actions = [make_action(meeting, owner) for owner in meeting.invitees]
        for action in actions:
            action.due_at = ends
            action.told_at = FRIDAY
        session.add_all(actions)
        session.flush()
        ref, number = meeting.ref, actions[1].id
    browser, words = signed_in(Role.ADMINISTRATOR), words_for_day(ends)
    after = f"/discussions/{ref}/after"
    for page in ("/", "/actions", after, f"/discussions/{ref}/actions/{number}"):
        shown = browser.get(page).text
        assert f"{words}</time>" in shown, page
        assert "11:59 pm" not in shown, page
    with app.app_context():
        run(app, ends - HOUR)
        notice = select(OutboxMessage.content).where(OutboxMessage.kind == "notice")
        content = reading().execute(notice).scalar_one()
    assert f"is due {words}." in " ".join(content.decode().split())


def _chair_leaves(session) -> None:
    chair = select(Staff).join(Meeting, Meeting.chair_id == Staff.id)
    session.execute(chair).scalar_one().ended_at = FRIDAY


def test_a_colleague_who_has_left_is_chased_no_more(in_app, due):
    """H1: others are, and it is settled as for whoever is no longer invited."""
    with transaction() as session:
        _chair_leaves(session)
    assert run(in_app, due) == 2
    assert "notice" not in kinds()
    assert run(in_app, due + HOUR) == 0


def test_the_desk_is_told_that_the_owner_has_left(change, signed_in):
    """G1: nobody else would be: it must be agreed whose the action is now."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, invitees=3)
        for owner in meeting.invitees[:2]:
            session.add(make_action(meeting, owner))
        ref = meeting.ref
    desk, words = signed_in(Role.ADMINISTRATOR), "Has left: agree whose it is now"
    assert words not in desk.get("/actions").text
    with change() as session:
        _chair_leaves(session)
    assert desk.get("/actions").text.count(words) == 1
    assert desk.get(f"/discussions/{ref}/after").text.count(words) == 1
    there = f'href="/discussions/{ref}/record">Enter it in the record'
    assert there in desk.get("/actions").text
    assert there in desk.get(f"/discussions/{ref}/after").text
    assert desk.get(f"/discussions/{ref}/record").status_code == 200
