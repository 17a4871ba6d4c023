"""Four things on one page: I attend, I dial in, I send a report, a colleague comes instead (D4)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.invitations.models import Invitation
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, Format, dial_in_text
from app.outbox.models import OutboxMessage
from tests.factories.guests import Phone, make_guest_session
from tests.integration.guests.test_attend import Invited
from tests.page_form import form_of


@pytest.fixture
def police(app: Any, change: Any) -> Invited:
    return Invited(app, change)


def test_the_four_stand_together_and_the_number_comes_first(police: Invited) -> None:
    page = police.phone.get("/attend").text
    places = [
        page.index(words)
        for words in ("Dial in now", "Will you take part?", "<strong>I dial in", "<strong>I attend",
                      "<strong>I send a report", "<strong>A colleague comes instead",
                      "I cannot take part", "Which children")
    ]  # fmt: skip
    assert places == sorted(places)
    # The buttons stand apart from their form and name it; each form is closed before the next.
    assert page.count('form="answer-form"') == 2 and page.count('id="answer-form"') == 1
    inside = 0
    for tag in re.findall(r"<(/?)form\b", page):
        inside += -1 if tag else 1
        assert inside in (0, 1)


def test_one_tap_dials_number_and_pin(police: Invited) -> None:
    page = police.phone.get("/attend").text
    assert re.search(r'app-guest__dial" href="tel:\+44\d+,,\d{6}%23"', page)


def _without_a_line(police: Invited, format_: Format) -> None:
    with police.change() as session:
        meeting = session.get_one(Meeting, police.meeting_id)
        meeting.format, meeting.line_id, meeting.pin_id = format_, None, None


@pytest.mark.parametrize("format_", [Format.MEETING, Format.HOSPITAL])
def test_nobody_dials_in_where_there_is_no_line(police: Invited, format_: Format) -> None:
    """Who says so would be expected on a line that nobody has: the desk finds another way (D4)."""
    before = form_of(police.phone.get("/attend").text, "/attend/answer")
    _without_a_line(police, format_)
    page = police.phone.get("/attend").text
    assert "<strong>I dial in" not in page and "with the PIN" not in page
    assert "If you can only take part by telephone, telephone the desk" in page
    typed = {"answer-answer": "dial_in", "answer-note": "From the clinic"}
    refused = police.phone.client.post("/attend/answer", data=before | typed)
    assert refused.status_code == 422
    assert "This meeting has no line to dial in to: telephone the desk" in refused.text
    assert "From the clinic" in refused.text
    with police.change() as session:
        assert police.invitee(session).answer is Answer.NONE
    sent = police.phone.post("/attend/answer", "/attend", "answer", answer="attend")
    assert sent.status_code == 303


def test_a_telephone_conference_without_a_number_sends_to_the_desk(police: Invited) -> None:
    """C11: one that was started at once may have none on file."""
    _without_a_line(police, Format.CALL)
    page = police.phone.get("/attend").text
    assert "Telephone the desk for the number" in page and "with the PIN" not in page
    sent = police.phone.post("/attend/answer", "/attend", "answer", answer="dial_in")
    assert sent.status_code == 303


def test_a_number_without_a_pin_promises_none(police: Invited) -> None:
    _without_a_line(police, Format.MEETING)
    with police.change() as session:
        meeting = session.get_one(Meeting, police.meeting_id)
        meeting.typed_dial_in = dial_in_text("020 7946 0166", "")
    page = police.phone.get("/attend").text
    assert "<strong>I dial in" in page and "with the PIN" not in page
    sent = police.phone.post("/attend/answer", "/attend", "answer", answer="dial_in")
    assert sent.status_code == 303


def test_what_was_said_is_marked(police: Invited) -> None:
    assert "Your answer now." not in police.phone.get("/attend").text
    for prefix, path, fields in (
        ("answer", "answer", {"answer": "dial_in"}),
        ("answer", "answer", {"answer": "declined"}),
        ("report", "report", {"body": "What we hold", "instead": "y"}),
    ):
        police.phone.post(f"/attend/{path}", "/attend", prefix, **fields)
        assert police.phone.get("/attend").text.count("Your answer now.") == 1
    with police.change() as session:
        assert police.invitee(session).answer is Answer.REPORT


def test_what_is_wrong_opens_where_it_was_typed(police: Invited) -> None:
    page = police.phone.get("/attend").text
    assert not re.search(r'app-guest__opens" open', page)
    wrong = police.phone.post("/attend/colleague", "/attend", "colleague", name="Priya").text
    assert re.search(r'id="colleague">\s*<details class="app-guest__opens" open', wrong)
    wrong = police.phone.post("/attend/report", "/attend", "report", body="").text
    assert re.search(r'id="report">\s*<details class="app-guest__opens" open', wrong)


def test_a_deputys_deputy(app: Any, police: Invited) -> None:
    """Each link ends with the next; nobody who stood aside can come back in by it."""
    phones = [police.phone]
    for name in ("priya", "sam"):
        sent = phones[-1].post(
            "/attend/colleague", "/attend", "colleague",
            name=name.title(), role="Sergeant", email=f"{name}@police.example", decides="no",
        )  # fmt: skip
        assert sent.status_code == 303
        with police.change() as session:
            newest = session.execute(select(Invitee).order_by(Invitee.id.desc())).scalars().first()
            phones.append(Phone(app, make_guest_session(session, newest)))
    assert [one.get("/attend").status_code for one in phones] == [401, 401, 200]
    with police.change() as session:
        first = police.invitee(session)
        second = session.execute(select(Invitee).where(Invitee.deputy_for_id == first.id)).scalar()
        third = session.execute(select(Invitee).where(Invitee.deputy_for_id == second.id)).scalar()
        assert [one.answer for one in (first, second, third)] == [
            Answer.DEPUTY, Answer.DEPUTY, Answer.NONE,
        ]  # fmt: skip
        ended = [
            session.get_one(Invitation, one.invitation_id).revoked_at for one in (first, second)
        ]
        assert all(ended)
        letters = [
            (row.recipient, row.kind, row.state.value)
            for row in session.execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
        ]
        # The invitation that had not left yet is taken back.
        assert (
            [one[:2] for one in letters]
            == [(first.email, "cancellation"), ("priya@police.example", "invitation"),
                ("priya@police.example", "cancellation"), ("sam@police.example", "invitation")]
        )  # fmt: skip
        assert letters[1][2] == "withdrawn"
