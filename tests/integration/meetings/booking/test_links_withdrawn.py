"""A mailbox whose links were withdrawn gets no letter by itself: neither a reminder nor a change,
until somebody sends one again (D3, C4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings import answers, messages
from app.meetings.answers import Deputy
from app.meetings.booking import again, changes, service
from app.meetings.booking.types import Again, ChangeOrder, Chosen, Removal, TypedPerson
from app.meetings.models import Invitee, Meeting
from app.meetings.reminders.worker import remind_due
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records.withdrawing.service import withdraw_links
from app.reports.untold import untold
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member, make_order, make_ready
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


def test_whoever_is_removed_and_asked_once_more_is_written_to_at_that_mailbox_by_nobody(withdrawn):
    """A colleague at the desk who knows nothing of it puts them back."""
    ref, staff, number = withdrawn
    person = reading().get_one(Invitee, number)
    typed = TypedPerson(person.name, "Sergeant", "Police", (person.email or "").upper())
    again_there = Chosen("Needed", typed=typed)
    with transaction() as session:
        order = ChangeOrder(removals=(Removal(number, "By mistake"),), late_reason="Busy")
        changes.change(session, staff, ref, order, SENDER, now())
    before = letters_to(number)
    with transaction() as session:
        order = ChangeOrder(additions=(again_there,), late_reason="Busy")
        done = changes.change(session, staff, ref, order, SENDER, now())
    assert letters_to(number) == before == ["cancellation"]
    assert (done.invited, done.to_telephone) == (0, (person.name,))


def test_a_colleague_named_at_that_mailbox_is_written_to_by_nobody(withdrawn):
    ref, staff, number = withdrawn
    person = reading().get_one(Invitee, number)
    with transaction() as session:
        order = ChangeOrder(removals=(Removal(number, "By mistake"),), late_reason="Busy")
        changes.change(session, staff, ref, order, SENDER, now())
    with transaction() as session:
        other = session.query(Meeting).filter_by(ref=ref).one().invitees[1]
        named = Deputy(name="Eve Holt", email=person.email or "", checked=True, after_all=True)
        colleague = answers.name_deputy(session, other, named, SENDER, staff.actor, now())
        assert colleague.links_withdrawn_at is not None
    assert letters_to(number) == ["cancellation"]


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


@pytest.fixture
def sent(in_app):
    """A booking of the chair and two others on a line, whose letters have left."""
    with transaction() as session:
        ready = make_ready(session)
        staff = make_member(ready.chair)
        service.book(session, staff, ready.meeting.ref, make_order(ready, people=2), SENDER, FRIDAY)
        for one in session.query(OutboxMessage):
            one.state, one.sent_at = MessageState.SENT, FRIDAY
        people = [one.id for one in ready.meeting.invitees if one.staff_id is None]
        return ready.meeting.ref, people


@pytest.mark.parametrize("fresh", [False, True])
def test_a_new_pin_shuts_out_whoever_read_the_letter(sent, signed_in, fresh):
    ref, (number, other) = sent
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    person, second = (reading().get_one(Invitee, one) for one in (number, other))
    pin = reading().query(Meeting).one().pin_id
    page = desk.get(here).text
    assert "Whoever read the letter still has the number and the PIN" in page
    assert second.name in page.split("An update goes to", 1)[1].split("</div>")[0]
    form = form_of(page, here) | {"new_pin": "y"} | ({"fresh": "y"} if fresh else {})
    done = desk.post(here, data=form, follow_redirects=True).text
    db.session.rollback()
    assert reading().query(Meeting).one().pin_id != pin
    assert "2 people get an update with a new PIN." in done
    assert (f"Please telephone it to: {person.name}." in done) is not fresh
    assert letters_to(other) == ["update"]
    assert letters_to(number) == (["invitation"] if fresh else [])
    assert reading().get_one(Invitation, person.invitation_id).sequence == 1


def test_without_the_tick_nobody_else_gets_a_letter_and_the_pin_stays(sent, signed_in):
    ref, (number, other) = sent
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    pin = reading().query(Meeting).one().pin_id
    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    db.session.rollback()
    assert reading().query(Meeting).one().pin_id == pin
    assert letters_to(other) == []


@pytest.mark.parametrize("state", [MeetingState.UNDER_WAY, MeetingState.ENDED])
def test_once_it_has_begun_the_page_says_what_can_be_done(sent, signed_in, state):
    ref, (number, _) = sent
    with transaction() as session:
        meeting = session.query(Meeting).one()
        meeting.state, meeting.started_at = state, FRIDAY
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    page = desk.get(here).text
    assert 'name="new_pin"' not in page
    assert ("Listen who is on the line" in page) is (state is MeetingState.UNDER_WAY)
    refused = desk.post(here, data=form_of(page, here) | {"new_pin": "y"})
    assert refused.status_code == 422
