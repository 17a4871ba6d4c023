"""A colleague comes instead to a discussion that was started at once: nobody promises a letter that
is not sent (C11, D4)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import now
from app.core.session import reading
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from tests.integration.guests.attending import Invited
from tests.page_form import form_of


@pytest.fixture
def police(app: Any, change: Any) -> Invited:
    invited = Invited(app, change)
    with change() as session:
        meeting = session.get_one(Meeting, invited.meeting_id)
        meeting.starts_at = meeting.ends_at = None
        meeting.started_at, meeting.state = now(), MeetingState.UNDER_WAY
    return invited


def _colleague() -> Invitee:
    assert not reading().execute(select(OutboxMessage)).all()
    asked = select(Invitee).where(Invitee.deputy_for_id.is_not(None))
    return reading().execute(asked).scalar_one()


def test_staff_are_told_to_telephone(app: Any, police: Invited, desk: Any) -> None:
    page = f"/discussions/{police.ref}/invitees/{police.id}/colleague"
    shown = desk.get(page).text
    assert "gets an invitation of their own" not in shown
    assert "telephone the colleague" in shown
    typed = form_of(shown, page) | {"name": "Jo Deputy", "role": "DS", "decides": "yes"}
    sent = desk.post(page, data=typed | {"email": "jo@police.example", "checked": "y"})
    assert sent.status_code == 303
    overview = desk.get(f"/discussions/{police.ref}").text
    assert "Jo Deputy comes instead and is on the list: telephone them now." in overview
    assert "Jo Deputy" in desk.get(f"/discussions/{police.ref}/calls").text
    with app.app_context():
        assert _colleague().invitation_id is None


def test_so_is_whoever_names_them_by_link(app: Any, police: Invited) -> None:
    shown = police.phone.get("/attend").text
    assert "They have to be telephoned" in shown
    assert "They get an invitation of their own" not in shown
    typed = {"name": "Jo Deputy", "role": "DS", "email": "jo@police.example", "decides": "no"}
    sent = police.phone.post("/attend/colleague", "/attend", "colleague", **typed)
    assert (sent.status_code, sent.location) == (303, "/attend/colleague-invited?called=1")
    thanks = police.phone.get(sent.location).text
    assert "Telephone the desk now with your colleague’s number" in thanks
    assert "They get an invitation" not in thanks
    with app.app_context():
        assert _colleague().invitation_id is None
    assert police.phone.get("/attend").status_code == 401
