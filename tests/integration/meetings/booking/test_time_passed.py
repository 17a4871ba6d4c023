"""A booked discussion whose minute has passed still waits for its people (C7, C11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.meetings.booking import changes
from app.meetings.booking.types import ChangeOrder
from app.meetings.models import Meeting
from app.meetings.types import Answer
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def begun(change):
    """One that was to begin three minutes ago, whose chair cannot come: its reference, who changes
    it, another chair."""
    with change() as session:
        chair = make_staff(session, Role.CHAIR)
        start = now().replace(second=0, microsecond=0) - 3 * MINUTE
        meeting = make_meeting(session, at=now() - timedelta(hours=3), start=start, chair=chair)
        [invited] = [one for one in meeting.invitees if one.staff_id == chair.id]
        invited.answer = Answer.DECLINED
        other = make_staff(session, Role.CHAIR, name="Other Chair")
        return meeting.ref, make_member(chair), other.id


def _change(change, begun, **order):
    ref, staff, _other = begun
    with change() as session:
        changes.change(session, staff, ref, ChangeOrder(**order), SENDER, now())


def _meeting(session, begun):
    return session.execute(select(Meeting).where(Meeting.ref == begun[0])).scalar_one()


def test_an_absent_chair_is_replaced_without_moving_the_meeting(change, signed_in, begun):
    ref, _staff, other = begun
    url, desk = f"/discussions/{ref}/change", signed_in(Role.ADMINISTRATOR)
    fields = form_of(desk.get(url).text, url) | {"chair": str(other), "do": "send"}
    assert desk.post(url, data=fields).status_code == 303
    with change() as session:
        held = _meeting(session, begun)
        assert held.chair_id == other and held.starts_at < now()


def test_it_may_take_longer_than_was_booked(change, begun):
    _change(change, begun, minutes=60)
    with change() as session:
        held = _meeting(session, begun)
        assert held.ends_at - held.starts_at == 60 * MINUTE


@pytest.mark.parametrize("with_chair", (False, True))
def test_no_other_time_that_has_passed_is_taken(change, begun, with_chair):
    chair = {"chair_id": begun[2]} if with_chair else {}
    with pytest.raises(Refused, match="is in the past"):
        _change(change, begun, starts_at=now() - MINUTE, late_reason="Late", **chair)
