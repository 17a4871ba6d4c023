"""The desk changes a booking while somebody answers: two connections, neither undoes the other.

On PostgreSQL, where two transactions run at once; SQLite has one writer at a time.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests import service as guests
from app.guests.queries import visitor_by_session
from app.guests.rules import time_told
from app.invitations.models import Invitation
from app.invitations.replies.reading import read_mail
from app.meetings.answers import Deputy
from app.meetings.booking import again, changes
from app.meetings.booking.types import Again, ChangeOrder, Removal
from app.meetings.models import Invitee
from app.meetings.received import service as received
from app.meetings.received.types import Outcome
from app.meetings.types import Answer
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.at_once import at_once
from tests.clock import FRIDAY
from tests.factories.booking import SENDER
from tests.factories.guests import make_guest_session, make_link
from tests.factories.replies import Said, outlook
from tests.integration.meetings.booking.test_changes import AFTERNOON, LATER
from tests.integration.meetings.booking.test_wrong_address import RIGHT, Booked


@pytest.fixture
def engine_name():
    return "postgresql"


@pytest.fixture
def booked(in_app):
    found = Booked()
    found.letters_are(MessageState.SENT)
    with transaction() as session:
        invitee = session.get(Invitee, found.id)
        found.link = make_link(session, invitee, FRIDAY)
        found.page = make_guest_session(session, invitee, LATER)
        found.uid = session.get(Invitation, invitee.invitation_id).uid
        found.ref_shown = time_told(found.meeting.starts_at, None)
    return found


def _cancel(booked):
    return lambda session: changes.cancel(
        session, booked.staff, booked.ref, "Not needed", SENDER, LATER
    )


def _move(booked):
    order = ChangeOrder(starts_at=AFTERNOON)
    return lambda session: changes.change(session, booked.staff, booked.ref, order, SENDER, LATER)


def _visit(booked, act):
    """What somebody does whose page was open before."""

    def acting(session):
        return act(session, visitor)

    visitor = visitor_by_session(reading(), booked.page, LATER)
    reading().rollback()
    return acting


def test_no_colleague_is_invited_to_what_is_called_off(app, booked):
    colleague = Deputy("Jo Deputy", "jo@deputies.example")
    name = _visit(
        booked, lambda session, who: guests.name_deputy(session, who, colleague, SENDER, LATER)
    )
    first, second = at_once(app, _cancel(booked), name)
    assert not isinstance(first, Exception) and isinstance(second, Refused)
    recipients = reading().execute(select(OutboxMessage.recipient)).scalars().all()
    assert "jo@deputies.example" not in recipients


def test_a_colleague_named_first_is_told_when_it_is_called_off(app, booked):
    colleague = Deputy("Jo Deputy", "jo@deputies.example")
    name = _visit(
        booked, lambda session, who: guests.name_deputy(session, who, colleague, SENDER, LATER)
    )
    results = at_once(app, name, _cancel(booked))
    assert not [one for one in results if isinstance(one, Exception)]
    rows = reading().execute(select(OutboxMessage.kind, OutboxMessage.recipient))
    told = [row.kind for row in rows if row.recipient == "jo@deputies.example"]
    assert told == ["invitation", "cancellation"]


def test_of_two_browsers_that_name_a_colleague_one_does(app, booked):
    def name(who):
        colleague = Deputy(who, f"{who.lower()}@deputies.example")
        return _visit(
            booked,
            lambda session, visitor: guests.name_deputy(session, visitor, colleague, SENDER, LATER),
        )

    first, second = at_once(app, name("Jo"), name("Al"))
    assert not isinstance(first, Exception) and isinstance(second, Refused)
    recipients = reading().execute(select(OutboxMessage.recipient)).scalars().all()
    assert [one for one in recipients if one.endswith("@deputies.example")] == [
        "jo@deputies.example"
    ]


def test_nobody_answers_while_they_are_removed(app, booked):
    said = _visit(
        booked,
        lambda session, who: guests.answer(
            session, who, Answer.DIAL_IN, "", booked.ref_shown, LATER
        ),
    )
    order = ChangeOrder(removals=(Removal(booked.id, "Not involved"),))
    first, second = at_once(
        app,
        lambda session: changes.change(session, booked.staff, booked.ref, order, SENDER, LATER),
        said,
    )
    assert not isinstance(first, Exception) and isinstance(second, Refused)
    assert booked.invitee.removed_at == LATER
    assert booked.invitee.answer is Answer.NONE


def test_no_old_link_accepts_a_time_that_is_being_set(app, booked):
    results = at_once(
        app,
        _move(booked),
        lambda session: guests.answer_without_code(session, booked.link, True, LATER),
    )
    assert results[1] is False
    assert booked.invitee.answer is Answer.NONE


def test_no_open_page_accepts_a_time_that_is_being_set(app, booked):
    said = _visit(
        booked,
        lambda session, who: guests.answer(
            session, who, Answer.DIAL_IN, "", booked.ref_shown, LATER
        ),
    )
    _first, second = at_once(app, _move(booked), said)
    assert isinstance(second, Refused)
    assert booked.invitee.answer is Answer.NONE


def test_no_calendar_accepts_a_time_that_is_being_set(app, booked):
    raw = outlook(Said(uid=booked.uid, email=booked.wrong, ref=booked.ref, stamp=FRIDAY))
    _first, second = at_once(
        app,
        _move(booked),
        lambda session: received.take_in(session, read_mail(raw), raw, LATER),
    )
    assert second.outcome is Outcome.OLDER
    assert booked.invitee.answer is Answer.NONE


def test_a_stranger_answers_nothing_while_the_address_is_mended(app, booked):
    said = _visit(
        booked,
        lambda session, who: guests.answer(
            session, who, Answer.DIAL_IN, "", booked.ref_shown, LATER
        ),
    )
    order = Again(RIGHT, told=True)
    first, second = at_once(
        app,
        lambda session: again.send_again(
            session, booked.staff, booked.ref, booked.id, order, SENDER, LATER
        ),
        said,
    )
    assert not isinstance(first, Exception) and isinstance(second, Refused)
    assert (booked.invitee.answer, booked.invitee.email) == (Answer.NONE, RIGHT)


def test_two_presses_at_once_are_two_answers_and_no_fault(app, booked):
    def press(take_part):
        return lambda session: guests.answer_without_code(session, booked.link, take_part, LATER)

    assert at_once(app, press(True), press(False)) == (True, True)
    assert booked.invitee.answer is Answer.DECLINED


def test_a_press_and_an_open_page_at_once_are_two_answers_and_no_fault(app, booked):
    said = _visit(
        booked,
        lambda session, who: guests.answer(
            session, who, Answer.ATTEND, "", booked.ref_shown, LATER
        ),
    )
    _first, second = at_once(
        app,
        lambda session: guests.answer_without_code(session, booked.link, False, LATER),
        said,
    )
    assert not isinstance(second, Exception)
    assert booked.invitee.answer is Answer.ATTEND
