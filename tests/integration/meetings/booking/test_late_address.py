"""A wrong address that is noticed once the discussion has begun (D7, E3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.invitations.models import Invitation
from app.meetings.actions.service import remind
from app.meetings.booking import service
from app.meetings.discussion import actions
from app.meetings.discussion import service as discussion
from app.meetings.discussion.models import Action
from app.meetings.discussion.types import ActionOrder
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Attendance
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready
from tests.page_form import form_of

RIGHT = "right@agency.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def running(app):
    """One invitee has an address that is not theirs; the letter left, and they own an action."""
    with app.app_context(), transaction() as session:
        ready = make_ready(session)
        staff = make_member(ready.chair)
        service.book(session, staff, ready.meeting.ref, make_order(ready, people=3), SENDER, FRIDAY)
        meeting = ready.meeting
        who = next(one for one in meeting.invitees if one.staff_id is None)
        for letter in session.execute(select(OutboxMessage)).scalars():
            letter.state, letter.tries, letter.content = MessageState.SENT, 1, None
        discussion.start(session, staff.actor, meeting, TEN_ON_SATURDAY)
        who.attendance, who.attended_name = Attendance.BY_PHONE, "Sam Green"
        order = ActionOrder("Visit the home", who.id, "in 2 days")
        actions.add_action(session, staff.actor, meeting, order, TEN_ON_SATURDAY)
        return staff, meeting.ref, who.id, who.email, who.invitation_id


def end(staff, ref):
    with transaction() as session:
        meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        discussion.end(session, staff.actor, meeting, SENDER, TEN_ON_SATURDAY + HOUR)


def letters():
    said = OutboxMessage.recipient, OutboxMessage.kind, OutboxMessage.state
    return [tuple(row) for row in reading().execute(select(*said))]


def correct(signed_in, ref, number, email=RIGHT, **said):
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/send-again"
    assert f'href="{here}">Correct the address' in desk.get(f"/discussions/{ref}").text
    page = desk.get(here)
    assert "Correct the address of" in page.text
    return desk.post(here, data=form_of(page.text, "") | {"email": email} | said)


def test_their_own_mailbox_that_takes_no_mail_stays_theirs(app, running, signed_in):
    staff, ref, number, wrong, link = running
    desk = signed_in(Role.ADMINISTRATOR)
    assert f"Whose is {wrong}?" in desk.get(f"/discussions/{ref}/invitees/{number}/send-again").text
    assert correct(signed_in, ref, number, whose="theirs").status_code == 303
    with app.app_context():
        who = reading().get_one(Invitee, number)
        assert (who.email, who.attended_name, who.invitation_id) == (RIGHT, "Sam Green", link)
        held = reading().get_one(Invitation, link)
        assert (held.email, held.revoked_at) == (RIGHT, None)
        assert reading().query(Invitee).filter_by(wrong_address=True).count() == 0
        end(staff, ref)
        assert (RIGHT, "actions", MessageState.QUEUED) in letters()


def test_at_another_mailbox_links_that_were_withdrawn_stop_no_letter(app, running, signed_in):
    staff, ref, number, *_ = running
    with app.app_context(), transaction() as session:
        session.get_one(Invitee, number).links_withdrawn_at = TEN_ON_SATURDAY
    assert correct(signed_in, ref, number).status_code == 303
    with app.app_context():
        end(staff, ref)
        assert (RIGHT, "actions", MessageState.QUEUED) in letters()


@pytest.mark.parametrize("over", [False, True])
def test_the_old_link_ends_and_the_right_person_is_told(app, running, signed_in, over):
    staff, ref, number, wrong, link = running
    if over:
        with app.app_context():
            end(staff, ref)
            assert (wrong, "actions", MessageState.QUEUED) in letters()
    assert correct(signed_in, ref, number, wrong).status_code == 422
    assert correct(signed_in, ref, number).status_code == 303
    with app.app_context():
        who = reading().get_one(Invitee, number)
        assert (who.email, who.attendance) == (RIGHT, Attendance.BY_PHONE)
        assert who.attended_name == "Sam Green"
        assert reading().get_one(Invitation, link).revoked_at is not None
        if not over:
            assert who.invitation_id is None
            end(staff, ref)
        assert reading().execute(select(Action)).scalar_one().told_at is not None
        waiting = [one for one in letters() if one[2] is MessageState.QUEUED]
        assert (RIGHT, "actions", MessageState.QUEUED) in waiting
        with transaction() as session:
            remind(session, ref, SENDER, TEN_ON_SATURDAY + timedelta(days=4))
        said = [one for one in letters() if one[2] is MessageState.QUEUED]
        assert len(said) > len(waiting)
        assert wrong not in [recipient for recipient, *_ in said]


def test_once_the_record_is_signed_its_copies_are_with_the_addresses_there_are(
    app, running, signed_in
):
    staff, ref, number, *_ = running
    with app.app_context():
        end(staff, ref)
        with transaction() as session:
            session.get_one(Invitee, number).meeting.signed_at = now()
    here = f"/discussions/{ref}/invitees/{number}/send-again"
    assert here not in signed_in(Role.ADMINISTRATOR).get(f"/discussions/{ref}").text
