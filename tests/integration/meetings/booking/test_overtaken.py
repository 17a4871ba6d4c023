"""What came after a letter that has not left is all that arrives (D7, H4)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

from sqlalchemy import select, update

from app.core.session import reading, transaction
from app.meetings.booking import again, changes
from app.meetings.booking.types import Again, ChangeOrder
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.factories.booking import SENDER, TEN_ON_SATURDAY
from tests.integration.meetings.booking.test_changes import AFTERNOON, LATER
from tests.integration.meetings.booking.test_changes import booked as booked


def _change(booked, **order):
    ready, staff, _ids = booked
    with transaction() as session:
        changes.change(session, staff, ready.meeting.ref, ChangeOrder(**order), SENDER, LATER)


def _waiting():
    rows = reading().execute(
        select(OutboxMessage)
        .where(OutboxMessage.state == MessageState.QUEUED)
        .order_by(OutboxMessage.id)
    )
    return list(rows.scalars())


def _words(row):
    letter = message_from_bytes(row.content, policy=policy.default)
    return " ".join(letter.get_body(("plain",)).get_content().split())


def _sent():
    with transaction() as session:
        session.execute(update(OutboxMessage).values(state=MessageState.SENT, content=None))


def test_of_two_changes_the_last_alone_arrives_and_hides_nothing(booked):
    _sent()
    _change(booked, starts_at=AFTERNOON)
    assert all("It has a new time." in _words(row) for row in _waiting())
    _change(booked, new_pin=True)
    letters = _waiting()
    assert [row.kind for row in letters] == ["update"] * 4
    for row in letters:
        # "A new PIN" alone would hide that the time moved too.
        assert "It has" not in _words(row) and "2:00 pm" in _words(row)


def test_an_invitation_sent_again_overtakes_the_first(booked):
    ready, staff, ids = booked
    with transaction() as session:
        again.send_again(session, staff, ready.meeting.ref, ids[0], Again(), SENDER, LATER)
    assert len({row.recipient for row in _waiting()}) == len(_waiting()) == 4


def test_a_letter_that_a_worker_holds_is_withdrawn_if_the_try_fails(booked):
    with transaction() as session:
        held = outbox.claim(session, LATER, 50)
    _change(booked, starts_at=AFTERNOON)
    with transaction() as session:
        outbox.put_back(session, held[0], LATER, timedelta(seconds=20), "The line broke.")
        outbox.refused(session, held[1], "No.")
        outbox.sent(session, held[2:3], LATER)
    states = [reading().get(OutboxMessage, one.id).state for one in held]
    assert states == [
        MessageState.WITHDRAWN, MessageState.WITHDRAWN, MessageState.SENT, MessageState.SENDING,
    ]  # fmt: skip
    # The last one's worker died: it is not sent again behind the update.
    with transaction() as session:
        claimed = outbox.claim(session, LATER + timedelta(minutes=5), 50)
    assert held[3].id not in [one.id for one in claimed] and len(claimed) == 4
    assert reading().get(OutboxMessage, held[3].id).state is MessageState.WITHDRAWN


def test_what_a_slow_worker_still_holds_is_not_sent_once_it_is_overtaken(booked):
    with transaction() as session:
        held = outbox.claim(session, LATER, 50)
    _change(booked, starts_at=AFTERNOON)
    with transaction() as session:
        assert outbox.renew(session, held, LATER) == []
    assert {reading().get(OutboxMessage, one.id).state for one in held} == {MessageState.WITHDRAWN}


def test_letters_that_ask_somebody_to_come_are_given_up_at_the_start(booked):
    ready, staff, _ids = booked
    with transaction() as session:
        changes.remind(session, staff, ready.meeting.ref, SENDER, LATER)
        assert len(outbox.claim(session, TEN_ON_SATURDAY, 50)) == 0
    rows = reading().execute(select(OutboxMessage)).scalars().all()
    assert [row.state for row in rows] == [MessageState.DEAD] * 7


def test_a_cancellation_is_worth_sending_after_the_start(booked):
    ready, staff, _ids = booked
    with transaction() as session:
        changes.cancel(session, staff, ready.meeting.ref, "Not needed", SENDER, LATER)
        assert len(outbox.claim(session, TEN_ON_SATURDAY, 50)) == 4
