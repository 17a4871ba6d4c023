"""What the booking page lets a person choose: another dial-in, a swap, somebody typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.invitations.types import LetterKind
from app.meetings.booking import changes, service
from app.meetings.booking.types import ChangeOrder, Removal, TypedDialIn
from app.meetings.models import LineQuarter, Meeting
from app.outbox.models import OutboxMessage
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready

NUMBER = "020 7946 0155"


def _booked(session, **order):
    ready = make_ready(session)
    staff = make_member(ready.chair)
    made = make_order(ready, people=3, **order)
    service.book(session, staff, ready.meeting.ref, made, SENDER, FRIDAY)
    return ready, staff


def _letters(kind):
    found = reading().execute(
        select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
    )
    return [one.content.decode("ascii") for one in found.scalars()]


def _words(letter):
    return " ".join(letter.replace("=\r\n", "").split())


def test_a_typed_dial_in_takes_no_line_and_stands_in_every_letter(in_app):
    with transaction() as session:
        _booked(session, line_id=None, dial_in=TypedDialIn(NUMBER, "4711"))
    meeting = reading().execute(select(Meeting)).scalar_one()
    assert (meeting.line_id, meeting.pin_id) == (None, None)
    assert reading().execute(select(LineQuarter)).all() == []
    letters = _letters("invitation")
    assert len(letters) == 4
    assert all(NUMBER in _words(one) and "4711" in _words(one) for one in letters)


def test_a_typed_dial_in_without_a_pin_names_none(in_app):
    with transaction() as session:
        _booked(session, line_id=None, dial_in=TypedDialIn(NUMBER))
    assert all("PIN:" not in _words(one) for one in _letters("invitation"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [(TypedDialIn("ring me"), "dial_in"), (TypedDialIn(NUMBER, "12 a"), "dial_in_pin")],
)
def test_a_dial_in_that_is_none_is_refused_by_its_field(in_app, typed, field):
    with pytest.raises(Refused) as refused, transaction() as session:
        _booked(session, line_id=None, dial_in=typed)
    assert refused.value.field == field


def test_moving_keeps_the_typed_dial_in_until_a_line_is_chosen(in_app):
    with transaction() as session:
        ready, staff = _booked(session, line_id=None, dial_in=TypedDialIn(NUMBER, "4711"))
        ref, line = ready.meeting.ref, ready.line.id
        later = ChangeOrder(starts_at=TEN_ON_SATURDAY + timedelta(hours=1))
        changes.change(session, staff, ref, later, SENDER, FRIDAY)
        assert ready.meeting.typed_dial_in and ready.meeting.line_id is None
        changes.change(session, staff, ref, ChangeOrder(line_id=line), SENDER, FRIDAY)
        assert ready.meeting.typed_dial_in is None and ready.meeting.line_id == line


def test_a_time_after_the_deadline_tells_whoever_decided(in_app):
    with transaction() as session:
        ready = make_ready(session)
        ready.meeting.due_at = TEN_ON_SATURDAY - timedelta(hours=1)
        staff, ref = make_member(ready.chair), ready.meeting.ref
        order = make_order(ready, people=1, late_reason="The consultant is in theatre.")
        service.book(session, staff, ref, order, SENDER, FRIDAY)
        [notice] = _letters("notice")
        assert ref in notice and "theatre" not in notice
        # Earlier, though still late: known already. Later still: told again.
        for hours, notices in ((-0.5, 1), (2, 2), (1, 2), (3, 3)):
            at = TEN_ON_SATURDAY + timedelta(hours=hours)
            moved = ChangeOrder(starts_at=at, late_reason=f"Moved to {at:%H:%M}")
            changes.change(session, staff, ref, moved, SENDER, FRIDAY)
            assert len(_letters("notice")) == notices


def test_a_time_within_the_deadline_tells_nobody(in_app):
    with transaction() as session:
        _booked(session)
    assert _letters("notice") == []


def test_a_cancellation_says_whether_the_meeting_is_off_or_only_this_person_is(in_app):
    with transaction() as session:
        ready, staff = _booked(session)
        gone = next(one for one in ready.meeting.invitees if one.professional_id)
        order = ChangeOrder(removals=(Removal(gone.id, "Not involved"),))
        changes.change(session, staff, ready.meeting.ref, order, SENDER, FRIDAY)
        [alone] = _letters(LetterKind.CANCELLATION.value)
        assert "no longer asked to take part" in _words(alone)
        assert "does not take place" not in _words(alone)
        changes.cancel(session, staff, ready.meeting.ref, "Held by phone", SENDER, FRIDAY)
    whole = _letters(LetterKind.CANCELLATION.value)[1:]
    assert len(whole) == 3
    assert all("does not take place" in _words(one) for one in whole)
