"""After the code: one page, four things, and what follows the meeting (D4, D5, E3, E4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry, AuditView
from app.invitations.models import GuestSession, Invitation
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, Format, MeetingState, dial_in_text
from app.outbox.models import OutboxMessage
from tests.factories.guests import Phone, make_guest_session
from tests.integration.guests.attending import HOUR, Invited


def test_what_was_held_early_is_shown_as_held(app: Any, change: Any) -> None:
    guest = Invited(app, change, state=MeetingState.ENDED)
    began = datetime(2026, 11, 20, 16, 50, tzinfo=UTC)
    with change() as session:
        meeting = session.get_one(Meeting, guest.meeting_id)
        meeting.starts_at, meeting.ends_at = began + HOUR, began + 2 * HOUR
        meeting.started_at, meeting.ended_at = began, began + HOUR / 2
    heading = "Friday 20 November 2026, 4:50 pm to 5:20 pm"
    assert heading in guest.phone.get("/attend").text


def test_the_page_holds_what_the_invitee_needs(police: Invited) -> None:
    page = police.phone.get("/attend")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    for words in (
        "Saturday 21 November 2026, 10:00 am to 10:45 am", police.ref,
        "born 27 March 2013", "Will you take part?", "I attend in person", "I dial in",
        "I send a report", "A colleague comes instead", "What to look up and bring",
        "Evidence that must be secured", "New to this?", "020 7946 0100",
    ):  # fmt: skip
        assert words in page.text, words
    assert 'href="tel:+44' in page.text
    assert re.search(r'href="tel:\+44\d+,,\d{6}%23"', page.text)


def test_the_managers_words_are_for_social_care_alone(app: Any, change: Any) -> None:
    reason = "Unexplained injury: reasonable cause to suspect significant harm."
    assert reason in Invited(app, change, place=0).phone.get("/attend").text
    for place in (1, 2, 3):
        page = Invited(app, change, place=place).phone.get("/attend").text
        assert reason not in page
        assert "Physical abuse" in page


def test_nothing_staff_wrote_elsewhere_is_shown(police: Invited) -> None:
    page = police.phone.get("/attend").text
    for words in ("12 Sycamore Close", "Bruising seen", "Asked to take part"):
        assert words not in page


def test_each_view_is_in_the_audit_before_the_page_is_sent(police: Invited) -> None:
    police.phone.get("/attend")
    with police.change() as session:
        [view] = session.execute(select(AuditView)).scalars()
        invitee = police.invitee(session)
        assert view.actor_kind.value == "guest"
        assert view.actor_id == invitee.invitation_id
        [opened] = session.execute(select(GuestSession.id)).scalars()
        assert view.actor_label == f"invitee: {invitee.agency_name} (session {opened})"
        assert view.subject_ref == police.ref


@pytest.mark.parametrize("said", [Answer.ATTEND, Answer.DIAL_IN, Answer.DECLINED])
def test_an_answer_is_kept_and_shown(police: Invited, said: Answer) -> None:
    sent = police.phone.post(
        "/attend/answer", "/attend", "answer", answer=said.value, note="Ten minutes late 🙏"
    )
    assert (sent.status_code, sent.location) == (303, "/attend")
    with police.change() as session:
        assert police.invitee(session).answer is said
        assert police.invitee(session).answer_note == "Ten minutes late 🙏"
    page = police.phone.get("/attend").text
    assert "Your answer now." in page and "Ten minutes late 🙏" in page


@pytest.mark.parametrize("said", ["", "deputy", "none", "chair"])
def test_an_answer_that_is_none_is_refused(police: Invited, said: str) -> None:
    sent = police.phone.post("/attend/answer", "/attend", "answer", answer=said, note="kept")
    assert sent.status_code == 422
    assert "Choose one of the answers" in sent.text or "Not a valid choice" in sent.text
    assert "kept" in sent.text


def test_a_colleague_gets_an_own_invitation_and_the_link_ends(app: Any, police: Invited) -> None:
    sent = police.phone.post(
        "/attend/colleague", "/attend", "colleague",
        name="DS Priya Nair", role="Detective sergeant", email="priya@police.example", decides="no",
    )  # fmt: skip
    assert (sent.status_code, sent.location) == (303, "/attend/colleague-invited")
    assert "Your link has ended" in police.phone.get(sent.location).text
    assert police.phone.get("/attend").status_code == 401
    with police.change() as session:
        mine = police.invitee(session)
        [deputy] = session.execute(
            select(Invitee).where(Invitee.deputy_for_id == police.id)
        ).scalars()
        assert mine.answer is Answer.DEPUTY
        assert session.get_one(Invitation, mine.invitation_id).revoked_at is not None
        assert (deputy.name, deputy.agency_kind) == ("DS Priya Nair", mine.agency_kind)
        # The inspector could decide; whoever comes instead can only as far as they say (C8).
        assert (mine.decision_maker, deputy.decision_maker) == (True, False)
        sent_to = {
            (row.recipient, row.kind) for row in session.execute(select(OutboxMessage)).scalars()
        }
        assert sent_to == {
            ("priya@police.example", "invitation"),
            (police.email, "cancellation"),
        }
        token = make_guest_session(session, deputy)
    assert "Will you take part?" in Phone(app, token).get("/attend").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("role", ""), ("decides", ""), ("email", ""), ("email", "not an address"),
     ("email", "a@b.example\r\nBcc: x@y.example"), ("email", "=?utf-8?q?a?=@b.example")],
)  # fmt: skip
def test_a_colleague_without_what_is_needed_is_refused(
    police: Invited, field: str, value: str
) -> None:
    given = {"name": "Priya", "role": "Sergeant", "email": "p@police.example", "decides": "yes"}
    given |= {field: value}
    sent = police.phone.post("/attend/colleague", "/attend", "colleague", **given)
    assert sent.status_code == 422
    assert f'id="colleague-{field}-error"' in sent.text
    assert police.phone.get("/attend").status_code == 200
    with police.change() as session:
        assert not session.execute(select(OutboxMessage)).scalars().all()


def test_somebody_on_the_list_cannot_be_the_colleague(police: Invited) -> None:
    sent = police.phone.post(
        "/attend/colleague", "/attend", "colleague",
        name="Me", role="Sergeant", email=police.email, decides="yes",
    )  # fmt: skip
    assert sent.status_code == 422
    assert 'id="colleague-email-error"' in sent.text


def test_behind_a_teams_address_name_and_role_come_first(app: Any, change: Any) -> None:
    desk = Invited(app, change, team=True)
    page = desk.phone.get("/attend")
    assert "Who are you?" in page.text and "Okonjo" not in page.text
    refused = desk.phone.post("/attend/report", "/attend", body="x")
    assert (refused.status_code, refused.location) == (303, "/attend")
    for fields in ({"name": "", "role": "Sergeant"}, {"name": "Jo Bell", "role": " "}):
        assert desk.phone.post("/attend/name", "/attend", **fields).status_code == 422
    desk.phone.post("/attend/name", "/attend", name="Jo Bell", role="Duty sergeant")
    page = desk.phone.get("/attend")
    assert "You gave your name as Jo Bell, Duty sergeant." in page.text
    with change() as session:
        mine = desk.invitee(session)
        assert (mine.attended_name, mine.attended_role) == ("Jo Bell", "Duty sergeant")


def test_whoever_says_they_take_part_becomes_the_attendance(app: Any, change: Any) -> None:
    desk = Invited(app, change, team=True)
    desk.phone.post("/attend/name", "/attend", name="Jo Bell", role="Duty sergeant")
    with change() as session:
        second = Phone(app, make_guest_session(session, desk.invitee(session)))
    second.post("/attend/name", "/attend", name="Sam Reed", role="Inspector")
    with change() as session:
        assert desk.invitee(session).attended_name == "Jo Bell"
    second.post("/attend/answer", "/attend", "answer", answer="dial_in")
    with change() as session:
        assert desk.invitee(session).attended_name == "Sam Reed"
    desk.set_state(MeetingState.SIGNED)
    with change() as session:
        third = Phone(app, make_guest_session(session, desk.invitee(session)))
    third.post("/attend/name", "/attend", name="Kit Lane", role="Clerk")
    with change() as session:
        assert desk.invitee(session).attended_name == "Sam Reed"


def test_the_name_behind_a_teams_address_is_never_in_the_audit(app: Any, change: Any) -> None:
    desk = Invited(app, change, team=True)
    desk.phone.post("/attend/name", "/attend", name="Jo Bell", role="Duty sergeant")
    desk.phone.post("/attend/answer", "/attend", "answer", answer="dial_in")
    desk.phone.post("/attend/leave", "/attend")
    with change() as session:
        rows = [*session.execute(select(AuditEntry)).scalars()]
        rows += session.execute(select(AuditView)).scalars()
        assert len(rows) >= 4
        for row in rows:
            assert "Jo Bell" not in row.actor_label


@pytest.mark.parametrize("team", [False, True])
def test_who_is_known_gives_no_other_name(app: Any, change: Any, team: bool) -> None:
    guest = Invited(app, change, team=team)
    if team:
        guest.phone.post("/attend/name", "/attend", name="Jo Bell", role="Duty sergeant")
    again = guest.phone.post("/attend/name", "/attend", name="Somebody Else", role="Clerk")
    assert (again.status_code, again.location) == (303, "/attend")
    with change() as session:
        [held] = session.execute(select(GuestSession)).scalars()
        assert held.person_name == guest.invitee(session).attended_name
        assert held.person_name == ("Jo Bell" if team else None)


def test_a_typed_dial_in_and_a_place_are_shown(app: Any, change: Any) -> None:
    guest = Invited(app, change)
    with change() as session:
        meeting = session.get_one(Meeting, guest.meeting_id)
        meeting.typed_dial_in = dial_in_text("020 7946 0166", "482913")
        meeting.line_id, meeting.pin_id = None, None
        meeting.format, meeting.place = Format.MEETING, "Civic Centre, room 2"
    page = guest.phone.get("/attend").text
    # One tap dials the number; the PIN is read beside it and typed when the line asks.
    assert 'href="tel:+442079460166" role="button"' in page
    assert 'PIN <span class="app-guest__pin">482913</span>' in page
    assert "482913%23" not in page
    assert page.index("I attend in person") < page.index("I dial in")
    assert "Civic Centre, room 2" in page


def test_leaving_ends_the_session(police: Invited) -> None:
    left = police.phone.post("/attend/leave", "/attend")
    assert left.status_code == 200 and "You have left" in left.text
    with police.change() as session:
        [held] = session.execute(select(GuestSession)).scalars()
        assert held.ended_at is not None
    assert police.phone.get("/attend").status_code == 401
