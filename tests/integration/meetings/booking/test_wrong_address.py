"""An address was wrong: whoever read the letter keeps no PIN, no link and no answer (C4, D7)."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select, update

from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.models import LinePin
from app.guests.queries import visitor_by_session
from app.guests.service import answer_without_code
from app.invitations.models import Invitation
from app.invitations.queries import invitation_by_token
from app.meetings import answers
from app.meetings.booking import again, service
from app.meetings.booking.types import Again, TypedDialIn
from app.meetings.models import Invitee, Meeting, Report
from app.meetings.queries import invitee_for_change
from app.meetings.types import Answer, ReportVia
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, make_member, make_order, make_ready
from tests.factories.guests import make_guest_session, make_link
from tests.factories.meetings import make_person
from tests.integration.meetings.booking.test_changes import LATER

RIGHT = "right@agency.example"
STRANGER = Actor(ActorKind.GUEST, 1, "invitee")


class Booked:
    """A chair and three others; the first was invited at an address that is not theirs."""

    def __init__(self, **order):
        with transaction() as session:
            ready = make_ready(session, pins=order.pop("pins", 20))
            self.staff, self.ref = make_member(ready.chair), ready.meeting.ref
            order = make_order(ready, people=3, **order)
            service.book(session, self.staff, self.ref, order, SENDER, FRIDAY)
            people = [one for one in ready.meeting.invitees if one.staff_id is None]
            self.id, self.wrong = people[0].id, people[0].email
            self.meeting_id = ready.meeting.id

    def letters_are(self, state, tries=1, **where):
        with transaction() as session:
            session.execute(update(OutboxMessage).filter_by(**where).values(
                state=state, tries=tries, content=None))  # fmt: skip

    def mend(self, email=RIGHT, told=True, **order):
        with transaction() as session:
            said = Again(email, told=told, **order)
            return again.send_again(session, self.staff, self.ref, self.id, said, SENDER, LATER)

    def change(self):
        return transaction()

    @property
    def invitee(self):
        return reading().get(Invitee, self.id)

    @property
    def stranger(self):
        gone = select(Invitee).where(Invitee.removed_at.is_not(None))
        return reading().execute(gone).scalar_one_or_none()

    @property
    def meeting(self):
        return reading().get(Meeting, self.meeting_id)

    @property
    def pin(self):
        return reading().get(LinePin, self.meeting.pin_id).pin

    def queued(self):
        """Recipient, kind and words of every letter that waits."""
        rows = reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
        return {
            row.recipient: (row.kind, message_from_bytes(row.content, policy=policy.default)
                            .get_body(("plain",)).get_content())
            for row in rows if row.state is MessageState.QUEUED and row.content
        }  # fmt: skip


@pytest.fixture
def booked(in_app):
    found = Booked()
    found.letters_are(MessageState.SENT)
    return found


def test_everybody_gets_exactly_one_letter_and_the_stranger_no_pin(booked):
    old = booked.pin
    sent = booked.mend()
    assert (sent.updated, sent.to_telephone) == (3, ())
    letters = booked.queued()
    kinds = {to: kind for to, (kind, _words) in letters.items()}
    assert kinds.pop(booked.wrong) == "cancellation"
    assert kinds.pop(RIGHT) == "invitation"
    assert list(kinds.values()) == ["update"] * 3
    assert booked.pin != old
    for to, (_kind, words) in letters.items():
        assert (booked.pin in words) == (to != booked.wrong)
        assert old not in words


@pytest.mark.parametrize("email", [RIGHT, ""])
def test_what_failed_on_the_way_is_seen_to_by_sending_again(booked, email):
    booked.letters_are(MessageState.BOUNCED)
    booked.mend(email)
    failed = select(OutboxMessage).where(OutboxMessage.state == MessageState.BOUNCED)
    seen = {one.recipient for one in reading().execute(failed).scalars() if one.seen_at}
    assert seen == {booked.wrong}


@pytest.mark.parametrize(
    ("state", "tries", "arrived"),
    [
        (MessageState.SENT, 1, True),
        (MessageState.DEAD, 3, True),  # the line may have broken after the last byte
        (MessageState.QUEUED, 1, True),
        (MessageState.SENDING, 1, True),
        (MessageState.QUEUED, 0, False),
        (MessageState.DEAD, 0, False),
        (MessageState.REFUSED, 1, False),
        (MessageState.BOUNCED, 1, False),
    ],
)
def test_the_pin_changes_where_the_letter_may_have_arrived(booked, state, tries, arrived):
    booked.letters_are(state, tries)
    old = booked.pin
    booked.mend()
    assert (booked.pin != old) == arrived
    assert (booked.stranger is not None) == arrived
    assert len(booked.queued()) == (5 if arrived else 1)


def test_nothing_that_was_said_from_there_stands_in_the_right_name(booked):
    with transaction() as session:
        invitee = invitee_for_change(session, booked.id)
        answers.answer(session, invitee, Answer.ATTEND, "See you", STRANGER, FRIDAY)
        answers.answer_to_earlier_time(session, invitee, Answer.DECLINED, STRANGER, FRIDAY)
        invitee.attended_name, invitee.attended_role = "A Stranger", "Clerk"
        for via in (ReportVia.LINK, ReportVia.TELEPHONE):
            answers.add_report(session, invitee, via.value, None, via, STRANGER, FRIDAY)
    booked.mend()
    held = booked.invitee
    assert (held.answer, held.answered_at, held.answer_note) == (Answer.NONE, None, None)
    assert (held.attended_name, held.attended_role) == (None, None)
    assert (held.earlier_answer, held.earlier_answer_at) == (None, None)
    assert booked.stranger.earlier_answer is Answer.DECLINED
    assert booked.stranger.wrong_address and not held.wrong_address
    by = {row.body: row.invitee_id for row in reading().execute(select(Report)).scalars()}
    assert by == {"link": booked.stranger.id, "telephone": booked.id}
    assert (booked.stranger.answer, booked.stranger.email) == (Answer.ATTEND, booked.wrong)


def test_a_mailbox_that_is_theirs_and_takes_no_mail_is_no_strangers(booked):
    """D7: nobody else read anything, so that nothing of theirs is taken off, and nobody is told."""
    with transaction() as session:
        invitee = invitee_for_change(session, booked.id)
        answers.answer(session, invitee, Answer.ATTEND, "See you", STRANGER, FRIDAY)
        answers.add_report(session, invitee, "Known", None, ReportVia.LINK, STRANGER, FRIDAY)
        link, visit = make_link(session, invitee), make_guest_session(session, invitee)
        held = session.get(Invitation, invitee.invitation_id)
        invitation, uid, pin = held.id, held.uid, booked.pin
    booked.letters_are(MessageState.SENT)
    booked.mend(theirs=True, told=False)
    session, person = reading(), booked.invitee
    assert booked.stranger is None and booked.pin == pin
    assert (person.email, person.answer, person.answer_note) == (RIGHT, Answer.ATTEND, "See you")
    assert session.execute(select(Report)).scalar_one().invitee_id == booked.id
    held = session.get(Invitation, invitation)
    assert (person.invitation_id, held.uid, held.email) == (invitation, uid, RIGHT)
    assert held.revoked_at is None
    assert invitation_by_token(session, link, LATER) is not None
    assert visitor_by_session(session, visit, LATER) is not None
    queued = select(OutboxMessage.recipient, OutboxMessage.kind).where(
        OutboxMessage.state == MessageState.QUEUED
    )
    assert session.execute(queued).all() == [(RIGHT, "invitation")]
    sent = select(AuditEntry).where(AuditEntry.action == "invitation sent again")
    assert session.execute(sent).scalar_one().details["mailbox_theirs"] is True


def test_link_and_open_page_of_the_stranger_are_dead(booked):
    with transaction() as session:
        invitee = session.get(Invitee, booked.id)
        link, page = (
            make_link(session, invitee, FRIDAY),
            make_guest_session(session, invitee, LATER),
        )
    booked.mend()
    with transaction() as session:
        assert visitor_by_session(session, page, LATER) is None
        assert not answer_without_code(session, link, True, LATER)
    assert booked.invitee.answer is Answer.NONE
    assert reading().get(Invitation, booked.stranger.invitation_id).cancelled_at
    assert reading().get(Invitation, booked.invitee.invitation_id).revoked_at is None


def test_what_was_not_told_beforehand_is_not_done(booked):
    with pytest.raises(Refused) as refused:
        booked.mend(told=False)
    assert refused.value.message == again.LEFT_MEANWHILE
    assert booked.queued() == {}


def test_who_has_no_email_is_to_be_telephoned(booked):
    with transaction() as session:
        other = next(one for one in booked.meeting.invitees if one.id > booked.id)
        session.get(Invitee, other.id).invitation_id = None
    sent = booked.mend()
    assert (sent.updated, sent.to_telephone) == (2, (other.name,))


@pytest.mark.parametrize("pins", [0, 1])
def test_a_dial_in_that_cannot_change_needs_another_or_a_reason(in_app, pins):
    """Typed, or of a line whose list is used up."""
    typed = None if pins else TypedDialIn("020 7946 0155", "4711")
    booked = Booked(pins=pins, line_id=None, dial_in=typed)
    booked.letters_are(MessageState.SENT)
    ahead = again.prospect(reading(), booked.meeting, booked.invitee)
    assert ahead.known and ahead.asks_dial_in and len(ahead.updated) == 3
    for same in ({}, {"dial_in": typed}):
        with pytest.raises(Refused) as refused:
            booked.mend(**same)
        assert refused.value.field == "dial_in"
    assert booked.queued() == {}
    booked.mend(dial_in_kept="It was a colleague of hers")
    assert set(booked.queued()) == {booked.wrong, RIGHT}
    assert booked.stranger.dial_in_kept_reason == "It was a colleague of hers"


def test_a_typed_dial_in_outlives_the_colleague_who_was_named(in_app):
    """Whoever read the letter knows it, though entry and link ended when they named somebody."""
    booked = Booked(line_id=None, dial_in=TypedDialIn("020 7946 0155", "4711"))
    booked.letters_are(MessageState.SENT)
    with transaction() as session:
        session.get(Invitee, booked.id).invitation_id = None
    with pytest.raises(Refused) as refused:
        booked.mend()
    assert refused.value.field == "dial_in"


def test_another_typed_dial_in_goes_to_everybody_else(in_app):
    booked = Booked(line_id=None, dial_in=TypedDialIn("020 7946 0155", "4711"))
    booked.letters_are(MessageState.SENT)
    booked.mend(dial_in=TypedDialIn("020 7946 0155", "9022"))
    for to, (_kind, words) in booked.queued().items():
        assert ("9022" in words) == (to != booked.wrong)
        assert "4711" not in words


def test_an_address_that_looks_like_another_is_read_back_first(booked):
    with transaction() as session:
        make_person(session).email = "somebody@nhs-trust.example"
    with pytest.raises(Refused) as refused:
        booked.mend("jo@nhs-trvst.example")
    assert refused.value.field == "checked"
    assert booked.mend("jo@nhs-trvst.example", checked=True).updated == 3
