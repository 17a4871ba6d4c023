"""Booking takes the line, invites everybody and queues one letter each, or does nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory.models import LinePin
from app.invitations.models import Invitation
from app.meetings.booking import service
from app.meetings.booking.types import Chosen, Leaving, TypedPerson
from app.meetings.models import Delivery, Invitee, LeftOut, LineQuarter, Meeting
from app.meetings.types import Answer, Format, MeetingState
from app.outbox.models import OutboxMessage
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready
from tests.factories.meetings import make_conference_line, make_person


def _ready(session, **more):
    ready = make_ready(session, **more)
    return ready, make_member(ready.chair), ready.meeting.ref


def test_eight_invitees_get_one_letter_each(in_app):
    with transaction() as session:
        ready, staff, ref = _ready(session)
    with transaction() as session:
        meeting = service.book(session, staff, ref, make_order(ready), SENDER, FRIDAY)
        assert meeting.state is MeetingState.BOOKED
    session = reading()
    sent = list(session.execute(select(OutboxMessage)).scalars())
    assert len(sent) == 8
    assert len({message.recipient for message in sent}) == 8
    assert len({message.message_id for message in sent}) == 8
    for message in sent:
        parsed = message_from_bytes(message.content, policy=policy.default)
        assert [one.addr_spec for one in parsed["To"].addresses] == [message.recipient]
        assert parsed["Cc"] is None and parsed["Bcc"] is None
    assert len(session.execute(select(Delivery)).all()) == 8
    assert {row.sequence for row in session.execute(select(Invitation)).scalars()} == {0}
    assert len(session.execute(select(LineQuarter)).all()) == 3
    pins = session.execute(select(LinePin).where(LinePin.used_at.is_not(None))).scalars().all()
    assert [pin.id for pin in pins] == [session.get(Meeting, ready.meeting.id).pin_id]
    booked = session.execute(
        select(AuditEntry).where(AuditEntry.action == "discussion booked")
    ).scalar_one()
    assert booked.details["letters"] == 8
    assert pins[0].pin not in str(booked.details)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"starts_at": FRIDAY - timedelta(minutes=1)}, "slot", "past"),
        ({"starts_at": FRIDAY + timedelta(days=3)}, "late_reason", "after the deadline"),
        ({"format": Format.MEETING}, "place", "where"),
        ({"people": ()}, "people", "at least one"),
        ({"minutes": 600}, "minutes", "length"),
        ({"line_id": 987654}, "line", "no longer in use"),
        ({"left_out": (Leaving("police", "Police", ""),)}, "people", "Police"),
    ],
)
def test_what_is_missing_is_refused_by_its_field(in_app, changes, field, words):
    with transaction() as session:
        ready, staff, ref = _ready(session)
    order = replace(make_order(ready), **changes)
    with pytest.raises(Refused) as refused, transaction() as session:
        service.book(session, staff, ref, order, SENDER, FRIDAY)
    assert refused.value.field == field
    assert words in refused.value.message
    session = reading()
    assert session.get(Meeting, ready.meeting.id).state is MeetingState.NEEDED
    assert not session.execute(select(OutboxMessage)).all()
    assert not session.execute(select(LineQuarter)).all()


def test_an_invitee_without_an_address_is_telephoned_only_when_ticked(in_app):
    with transaction() as session:
        ready, staff, ref = _ready(session)
        silent = make_person(session, email=None)
        silent_id = silent.id
    chosen = Chosen(why="Asked", professional_id=silent_id, field="people-3")
    with pytest.raises(Refused) as refused, transaction() as session:
        service.book(session, staff, ref, _with(ready, chosen), SENDER, FRIDAY)
    assert refused.value.field == "people-3-email"
    assert "telephone only" in refused.value.message
    ticked = Chosen(why="Asked", professional_id=silent_id, telephone_only=True)
    with transaction() as session:
        service.book(session, staff, ref, _with(ready, ticked), SENDER, FRIDAY)
    session = reading()
    invitee = session.execute(
        select(Invitee).where(Invitee.professional_id == silent_id)
    ).scalar_one()
    assert invitee.invitation_id is None
    assert len(session.execute(select(OutboxMessage)).all()) == 1  # the chair


def test_leaving_somebody_out_keeps_the_reason(in_app):
    with transaction() as session:
        ready, staff, ref = _ready(session)
        order = make_order(
            ready, left_out=(Leaving("school", "Elm Lane Primary", "School is closed."),)
        )
        service.book(session, staff, ref, order, SENDER, FRIDAY)
    kept = reading().execute(select(LeftOut)).scalar_one()
    assert (kept.rule_id, kept.reason) == ("school", "School is closed.")


def test_two_people_cannot_share_an_address(in_app):
    with transaction() as session:
        ready, staff, ref = _ready(session)
    typed = TypedPerson(
        name="Second", title="", agency_name="Elsewhere", email=ready.people[0].email.upper()
    )
    order = _with(
        ready,
        Chosen(why="Asked", professional_id=ready.people[0].id),
        Chosen(why="Asked", typed=typed, field="people-1"),
    )
    with pytest.raises(Refused) as refused, transaction() as session:
        service.book(session, staff, ref, order, SENDER, FRIDAY)
    assert refused.value.field == "people-1-email"


def test_a_taken_line_names_who_has_it_and_the_next_slots(in_app):
    with transaction() as session:
        line = make_conference_line(session)
        first, staff, ref = _ready(session, line=line)
        service.book(session, staff, ref, make_order(first), SENDER, FRIDAY)
        second, other, other_ref = _ready(session, line=line)
        second.meeting.due_at = FRIDAY + timedelta(days=4)
    with pytest.raises(Refused) as refused, transaction() as session:
        order = make_order(second, TEN_ON_SATURDAY + timedelta(minutes=30))
        service.book(session, other, other_ref, order, SENDER, FRIDAY)
    assert refused.value.field == "line"
    assert ref in refused.value.message
    assert first.chair.name in refused.value.message
    assert "Next free: Monday 23 November 2026 at 9:00 am" in refused.value.message


def test_another_free_line_is_taken_where_none_was_chosen(in_app):
    with transaction() as session:
        line = make_conference_line(session)
        first, staff, ref = _ready(session, line=line)
        service.book(session, staff, ref, make_order(first), SENDER, FRIDAY)
        second, other, other_ref = _ready(session)
        meeting = service.book(
            session, other, other_ref, make_order(second, line_id=None), SENDER, FRIDAY
        )
        assert meeting.line_id == second.line.id


def test_a_line_without_unused_pins_cannot_be_taken(in_app):
    with transaction() as session:
        ready, staff, ref = _ready(session, pins=0)
    with pytest.raises(Refused) as refused, transaction() as session:
        service.book(session, staff, ref, make_order(ready), SENDER, FRIDAY)
    assert "PIN" in refused.value.message


def test_a_chair_cannot_chair_two_at_once(in_app):
    with transaction() as session:
        first, staff, ref = _ready(session)
        service.book(session, staff, ref, make_order(first), SENDER, FRIDAY)
        second, other, other_ref = _ready(session)
    with pytest.raises(Refused) as refused, transaction() as session:
        order = make_order(second, chair_id=first.chair.id)
        service.book(session, other, other_ref, order, SENDER, FRIDAY)
    assert refused.value.field == "chair"
    assert ref in refused.value.message


def test_a_booking_cannot_be_made_twice(in_app):
    with transaction() as session:
        ready, staff, ref = _ready(session)
        service.book(session, staff, ref, make_order(ready), SENDER, FRIDAY)
    with pytest.raises(Refused), transaction() as session:
        service.book(session, staff, ref, make_order(ready), SENDER, FRIDAY)


AT_ONCE = 50


def test_fifty_administrators_book_the_same_line_at_once(app):
    """One wins; forty-nine read who has it. Nothing of a loser's booking remains."""
    with app.app_context(), transaction() as session:
        line = make_conference_line(session, pins=AT_ONCE)
        all_ready = [_ready(session, line=line) for _ in range(AT_ONCE)]
        orders = [make_order(ready, people=1) for ready, _staff, _ref in all_ready]
    results: list[object] = [None] * AT_ONCE
    barrier = threading.Barrier(AT_ONCE)

    def run(place: int) -> None:
        _one, staff, ref = all_ready[place]
        with app.app_context():
            try:
                barrier.wait(timeout=60)
                with transaction() as session:
                    service.book(session, staff, ref, orders[place], SENDER, FRIDAY)
                results[place] = "booked"
            except Exception as error:
                results[place] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert results.count("booked") == 1
    won = all_ready[results.index("booked")][2]
    lost = [result for result in results if result != "booked"]
    assert all(isinstance(one, Refused) and won in one.message for one in lost), lost
    with app.app_context():
        session = reading()
        assert len(session.execute(select(LineQuarter)).all()) == 3
        assert len(session.execute(select(OutboxMessage)).all()) == 2
        answers = session.execute(select(Invitee.answer)).scalars().all()
        assert answers == [Answer.NONE] * 2


def _with(ready, *people):
    return replace(make_order(ready), people=tuple(people))
