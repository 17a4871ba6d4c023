"""A mailbox whose links were withdrawn gets no letter by itself: neither a reminder nor a change,
until somebody sends one again (D3, C4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.booking import again, changes
from app.meetings.booking.types import Again, ChangeOrder
from app.meetings.models import Invitee, Meeting
from app.meetings.reminders.worker import remind_due
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records.withdrawing.service import withdraw_links
from app.reports.untold import untold
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

STARTS = timedelta(hours=30)
LONGER = ChangeOrder(minutes=90, late_reason="Nobody is free before")


@pytest.fixture
def withdrawn(in_app):
    """A booked discussion whose last invitee's links were withdrawn once their letter had left."""
    with transaction() as session:
        staff = make_member(make_staff(session, Role.ADMINISTRATOR))
        meeting = make_meeting(
            session, MeetingState.BOOKED, invitees=3, start=now() + STARTS, at=now()
        )
        messages.send(session, LetterKind.INVITATION, meeting, meeting.invitees, SENDER, now())
        for one in session.query(OutboxMessage):
            one.state, one.sent_at = MessageState.SENT, now()
        person = meeting.invitees[-1]
        withdraw_links(session, staff, meeting.ref, person.id, SENDER, now())
        return meeting.ref, staff, person.id


def letters_to(number: int) -> list[str]:
    email = reading().get_one(Invitee, number).email
    rows = reading().query(OutboxMessage).filter_by(state=MessageState.QUEUED)
    return [one.kind for one in rows if one.recipient == email]


def queued() -> int:
    return reading().query(OutboxMessage).filter_by(state=MessageState.QUEUED).count()


def test_the_desk_reminds_the_others_and_is_told_whom_to_telephone(withdrawn, signed_in):
    ref, _, number = withdrawn
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/remind"
    name = reading().get_one(Invitee, number).name
    page = desk.get(here).text
    assert f"please telephone {name}." in page
    done = desk.post(here, data=form_of(page, here), follow_redirects=True)
    assert f"Please telephone: {name}." in done.text
    assert letters_to(number) == []
    assert queued() == 1


def test_the_worker_reminds_the_others(withdrawn, in_app):
    _, _, number = withdrawn
    assert remind_due(in_app.extensions["settings"], now() + timedelta(hours=7)) == 2
    assert letters_to(number) == []


def test_a_change_brings_them_neither_link_nor_pin_and_they_are_to_be_telephoned(withdrawn):
    ref, staff, number = withdrawn
    with transaction() as session:
        done = changes.change(session, staff, ref, LONGER, SENDER, now())
    person = reading().get_one(Invitee, number)
    assert letters_to(number) == []
    assert person.name in done.to_telephone
    assert done.updated == 2
    meeting = reading().query(Meeting).filter_by(ref=ref).one()
    assert person.name in untold(reading(), [meeting.id])[meeting.id]


@pytest.mark.parametrize("address", ["", "mended@other.example"])
def test_whoever_is_sent_it_again_has_the_number_of_everybody_and_every_letter(withdrawn, address):
    ref, staff, number = withdrawn
    with transaction() as session:
        changes.change(session, staff, ref, LONGER, SENDER, now())
    with transaction() as session:
        order = Again(email=address, told=True, checked=True)
        again.send_again(session, staff, ref, number, order, SENDER, now())
    person = reading().get_one(Invitee, number)
    assert "invitation" in letters_to(number)
    assert person.links_withdrawn_at is None
    assert reading().get_one(Invitation, person.invitation_id).sequence == (0 if address else 1)


def test_a_cancellation_goes_to_everybody_because_it_leads_nowhere(withdrawn):
    ref, staff, number = withdrawn
    with transaction() as session:
        changes.cancel(session, staff, ref, "Not needed", SENDER, now())
    assert letters_to(number) == ["cancellation"]
