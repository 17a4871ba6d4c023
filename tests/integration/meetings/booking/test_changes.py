"""One update of the same entry for each concerned; a removed person learns nothing new (C4, C7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.accounts.types import Role
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.models import LinePin
from app.invitations.models import Invitation
from app.meetings.booking import again, changes, service
from app.meetings.booking.types import Again, ChangeOrder, Chosen, Removal
from app.meetings.models import Invitee, LineQuarter, Meeting
from app.meetings.types import Answer, Format, MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready
from tests.factories.meetings import make_conference_line, make_person

LATER = FRIDAY + timedelta(minutes=20)
AFTERNOON = TEN_ON_SATURDAY + timedelta(hours=4)


@pytest.fixture
def booked(in_app):
    """A booking of the chair and three others, whose invitations are out of the way."""
    with transaction() as session:
        ready = make_ready(session)
        staff = make_member(ready.chair)
        service.book(session, staff, ready.meeting.ref, make_order(ready, people=3), SENDER, FRIDAY)
        invitees = {one.id: one.name for one in ready.meeting.invitees if one.staff_id is None}
    return ready, staff, list(invitees)


def _sent_after(first: int) -> list[tuple[str, str, int, str]]:
    """kind, recipient, SEQUENCE, UID of every letter queued after the first so many."""
    found = []
    rows = reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
    for row in list(rows)[first:]:
        parsed = message_from_bytes(row.content, policy=policy.default)
        part = next(p for p in parsed.walk() if p.get_content_type() == "text/calendar")
        event = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
        found.append((row.kind, row.recipient, int(event["SEQUENCE"]), str(event["UID"])))
    return found


def _change(booked, **order):
    ready, staff, _ids = booked
    with transaction() as session:
        return changes.change(
            session, staff, ready.meeting.ref, ChangeOrder(**order), SENDER, LATER
        )


def _pin(booked):
    return reading().get(Meeting, booked[0].meeting.id).pin_id


def test_a_new_time_is_one_update_of_the_same_entry_and_keeps_the_pin(booked):
    pin = _pin(booked)
    uids = set(reading().execute(select(Invitation.uid)).scalars())
    result = _change(booked, starts_at=AFTERNOON)
    assert (result.updated, result.invited, result.cancelled) == (4, 0, 0)
    letters = _sent_after(4)
    assert {letter[0] for letter in letters} == {"update"}
    assert {letter[2] for letter in letters} == {1}
    assert {letter[3] for letter in letters} == uids
    assert _pin(booked) == pin
    quarters = reading().execute(select(LineQuarter.quarter)).scalars().all()
    assert sorted(quarters) == [AFTERNOON + timedelta(minutes=15 * n) for n in range(3)]


def test_a_new_time_asks_again_who_comes(booked):
    _ready, _staff, ids = booked
    with transaction() as session:
        for invitee_id, answer in zip(ids, (Answer.ATTEND, Answer.REPORT), strict=False):
            session.get(Invitee, invitee_id).answer = answer
    _change(booked, starts_at=AFTERNOON)
    session = reading()
    assert [session.get(Invitee, one).answer for one in ids[:2]] == [Answer.NONE, Answer.REPORT]


def test_an_added_person_is_invited_and_nobody_else_hears(booked):
    pin = _pin(booked)
    with transaction() as session:
        fresh = make_person(session).id
    result = _change(booked, additions=(Chosen(why="Added", professional_id=fresh),))
    assert (result.updated, result.invited, result.cancelled) == (0, 1, 0)
    assert [(letter[0], letter[2]) for letter in _sent_after(4)] == [("invitation", 0)]
    assert _pin(booked) == pin


def test_a_removed_person_gets_a_cancellation_alone_and_the_rest_a_new_pin(booked):
    _ready, _staff, ids = booked
    pin = _pin(booked)
    result = _change(booked, removals=(Removal(ids[0], "Not involved any more"),))
    assert (result.updated, result.invited, result.cancelled) == (3, 0, 1)
    letters = _sent_after(4)
    gone = reading().get(Invitee, ids[0])
    assert [letter[0] for letter in letters if letter[1] == gone.email] == ["cancellation"]
    assert Counter(letter[1] for letter in letters).most_common(1)[0][1] == 1
    assert _pin(booked) != pin
    fresh = reading().get(LinePin, _pin(booked)).pin
    for row in (
        reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars().all()[4:]
    ):
        parsed = message_from_bytes(row.content, policy=policy.default)
        words = parsed.get_body(("plain",)).get_content()
        assert (fresh in words) == (row.recipient != gone.email)
    held = reading().get(Invitation, gone.invitation_id)
    assert held.revoked_at and held.cancelled_at


def test_time_and_people_at_once_is_still_one_letter_each(booked):
    _ready, _staff, ids = booked
    with transaction() as session:
        fresh = make_person(session).id
    result = _change(
        booked,
        starts_at=AFTERNOON,
        removals=(Removal(ids[0], "Not involved"),),
        additions=(Chosen(why="Added", professional_id=fresh),),
    )
    assert (result.updated, result.invited, result.cancelled) == (3, 1, 1)
    assert set(Counter(letter[1] for letter in _sent_after(4)).values()) == {1}


def test_who_is_removed_does_not_learn_the_new_time(booked):
    _ready, _staff, ids = booked
    _change(booked, starts_at=AFTERNOON, removals=(Removal(ids[0], "Not involved"),))
    gone = reading().get(Invitee, ids[0])
    rows = reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
    (letter,) = [row for row in list(rows)[4:] if row.recipient == gone.email]
    parsed = message_from_bytes(letter.content, policy=policy.default)
    part = next(p for p in parsed.walk() if p.get_content_type() == "text/calendar")
    event = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
    assert event["DTSTART"].dt == TEN_ON_SATURDAY
    assert "10:00 am" in parsed["Subject"]


def test_a_second_update_counts_on(booked):
    _change(booked, starts_at=AFTERNOON)
    _change(booked, starts_at=AFTERNOON + timedelta(hours=1))
    assert {letter[2] for letter in _sent_after(8)} == {2}


def test_another_place_is_told_to_everybody(booked):
    result = _change(booked, format=Format.MEETING, place="Room 4, Civic Centre")
    assert result.updated == 4
    assert reading().get(Meeting, booked[0].meeting.id).place == "Room 4, Civic Centre"


@pytest.mark.parametrize("place", ["With Amara’s aunt", "12 Sycamore  Close, side door", "okonjo"])
def test_a_place_that_gives_the_child_away_stands_in_no_letter(booked, place):
    _change(booked, format=Format.MEETING, place=place)
    rows = reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars().all()
    for row in rows[4:]:
        parsed = message_from_bytes(row.content, policy=policy.default)
        for part in parsed.walk():
            if part.get_content_maintype() == "text":
                words = part.get_payload(decode=True).decode()
                assert "Telephone the desk for the place" in words.replace("\r\n ", "")
                assert not any(name in words for name in ("Amara", "Sycamore", "okonjo"))
    assert reading().get(Meeting, booked[0].meeting.id).place == place


def test_another_chair_gets_an_invitation_and_the_first_a_cancellation(booked):
    ready, _staff, _ids = booked
    with transaction() as session:
        other = make_staff(session, Role.CHAIR)
        other_id, other_email = other.id, other.email
    result = _change(booked, chair_id=other_id)
    letters = {letter[1]: letter[0] for letter in _sent_after(4)}
    assert letters[other_email] == "invitation"
    assert letters[ready.chair.email] == "cancellation"
    assert result.updated == 3  # the PIN changed, because somebody was taken off


def test_whoever_is_invited_and_takes_the_chair_is_invited_once(booked):
    _ready, _staff, ids = booked
    with transaction() as session:
        invitee = session.get(Invitee, ids[0])
        other = make_staff(session, Role.CHAIR)
        other.email = invitee.email.upper()
        other_id, name = other.id, invitee.name
    with pytest.raises(Refused) as refused:
        _change(booked, chair_id=other_id)
    assert refused.value.field == "chair"
    assert f"{name} is invited already" in refused.value.message
    assert _sent_after(4) == []
    result = _change(booked, chair_id=other_id, removals=(Removal(ids[0], "Chairs now"),))
    assert (result.invited, result.cancelled) == (1, 2)
    there = reading().execute(
        select(Invitee.staff_id).where(Invitee.removed_at.is_(None))
    )  # fmt: skip
    assert sorted(one or 0 for one in there.scalars()) == [0, 0, other_id]


def test_another_line_brings_a_pin_of_its_own(booked):
    with transaction() as session:
        other_id = make_conference_line(session).id
    assert _change(booked, line_id=other_id).updated == 4
    meeting = reading().get(Meeting, booked[0].meeting.id)
    assert meeting.line_id == other_id
    assert reading().get(LinePin, meeting.pin_id).line_id == other_id
    assert {row.line_id for row in reading().execute(select(LineQuarter)).scalars()} == {other_id}


def test_a_new_pin_on_request(booked):
    pin = _pin(booked)
    assert _change(booked, new_pin=True).updated == 4
    assert _pin(booked) != pin


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "slot"),
        ({"starts_at": FRIDAY}, "slot"),
        ({"starts_at": FRIDAY + timedelta(days=3)}, "late_reason"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_is_sent(booked, order, field):
    with pytest.raises(Refused) as refused:
        _change(booked, **order)
    assert refused.value.field == field
    assert _sent_after(4) == []


def test_what_is_moved_later_still_needs_a_reason_of_its_own(booked):
    late = FRIDAY + timedelta(days=3)
    _change(booked, starts_at=late, late_reason="The police are free then")
    with pytest.raises(Refused) as refused:
        _change(booked, starts_at=late + timedelta(days=1))
    assert refused.value.field == "late_reason"
    _change(booked, starts_at=late + timedelta(days=1), late_reason="The consultant is away")
    _change(booked, starts_at=late)  # sooner: the reason there is says why it is late at all
    assert reading().get(Meeting, booked[0].meeting.id).late_reason == "The consultant is away"


def test_a_removal_needs_its_reason(booked):
    with pytest.raises(Refused):
        _change(booked, removals=(Removal(booked[2][0], ""),))


def test_cancelling_tells_everybody_and_frees_the_line(booked):
    ready, staff, _ids = booked
    with transaction() as session:
        changes.cancel(session, staff, ready.meeting.ref, "Held by telephone", SENDER, LATER)
    letters = _sent_after(4)
    assert [letter[0] for letter in letters] == ["cancellation"] * 4
    assert {letter[2] for letter in letters} == {1}
    assert not reading().execute(select(LineQuarter)).all()
    meeting = reading().get(Meeting, ready.meeting.id)
    assert meeting.state is MeetingState.CANCELLED
    assert all(row.revoked_at for row in reading().execute(select(Invitation)).scalars())
    with pytest.raises(Refused), transaction() as session:
        changes.cancel(session, staff, ready.meeting.ref, "Again", SENDER, LATER)


def test_sending_again_keeps_the_sequence(booked):
    ready, staff, ids = booked
    with transaction() as session:
        again.send_again(session, staff, ready.meeting.ref, ids[0], Again(), SENDER, LATER)
    (letter,) = _sent_after(4)
    assert (letter[0], letter[2]) == ("invitation", 0)


def test_a_corrected_address_ends_the_links_of_the_wrong_one(booked):
    ready, staff, ids = booked
    before = reading().get(Invitee, ids[0]).invitation_id
    with transaction() as session:
        order = Again("Right@agency.example")
        again.send_again(session, staff, ready.meeting.ref, ids[0], order, SENDER, LATER)
    session = reading()
    invitee = session.get(Invitee, ids[0])
    assert invitee.email == "right@agency.example"
    assert invitee.invitation_id != before
    assert session.get(Invitation, before).revoked_at is not None
    assert [letter[1] for letter in _sent_after(4)] == ["right@agency.example"]


def _states(kind):
    rows = reading().execute(
        select(OutboxMessage.recipient, OutboxMessage.state).where(OutboxMessage.kind == kind)
    )
    return {row.recipient: row.state for row in rows}


def test_a_letter_to_a_wrong_address_that_has_not_left_never_leaves(booked):
    ready, staff, ids = booked
    wrong = reading().get(Invitee, ids[0]).email
    with transaction() as session:
        order = Again("right@agency.example")
        again.send_again(session, staff, ready.meeting.ref, ids[0], order, SENDER, LATER)
    states = _states("invitation")
    assert states[wrong] is MessageState.WITHDRAWN
    assert states["right@agency.example"] is MessageState.QUEUED
    assert _states("cancellation") == {}


def test_the_cancellation_for_an_address_that_was_wrong_outlives_that_of_the_discussion(booked):
    ready, staff, ids = booked
    wrong = reading().get(Invitee, ids[0]).email
    with transaction() as session:
        for row in session.execute(select(OutboxMessage)).scalars():
            row.state = MessageState.SENT
    with transaction() as session:
        order = Again("right@agency.example", told=True)
        again.send_again(session, staff, ready.meeting.ref, ids[0], order, SENDER, LATER)
    with transaction() as session:
        changes.cancel(session, staff, ready.meeting.ref, "Not needed", SENDER, LATER)
    states = _states("cancellation")
    # The stranger may have the first letter: that it is off must still reach them.
    assert states[wrong] is states["right@agency.example"] is MessageState.QUEUED


def test_an_invitation_that_has_not_left_does_not_follow_who_was_removed(booked):
    gone = reading().get(Invitee, booked[2][0])
    address = gone.email
    _change(booked, removals=(Removal(gone.id, "Moved to another team"),))
    assert _states("invitation")[address] is MessageState.WITHDRAWN
    assert _states("cancellation") == {address: MessageState.QUEUED}


def test_a_reminder_goes_to_those_who_have_not_answered(booked):
    ready, staff, ids = booked
    with transaction() as session:
        session.get(Invitee, ids[0]).answer = Answer.ATTEND
    with transaction() as session:
        assert changes.remind(session, staff, ready.meeting.ref, SENDER, LATER) == 2
    kinds = [
        row.kind
        for row in reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
    ][4:]
    assert kinds == ["reminder", "reminder"]


def test_a_move_onto_a_taken_line_is_refused_and_the_old_time_stays(booked):
    ready, _staff, _ids = booked
    with transaction() as session:
        other = make_ready(session, line=ready.line)
        order = replace(make_order(other), starts_at=AFTERNOON)
        service.book(session, make_member(other.chair), other.meeting.ref, order, SENDER, FRIDAY)
        count = len(session.execute(select(OutboxMessage)).all())
    with pytest.raises(Refused) as refused:
        _change(booked, starts_at=AFTERNOON, line_id=ready.line.id)
    assert other.meeting.ref in refused.value.message
    assert reading().get(Meeting, ready.meeting.id).starts_at == TEN_ON_SATURDAY
    assert len(reading().execute(select(LineQuarter)).all()) == 6
    assert len(reading().execute(select(OutboxMessage)).all()) == count
