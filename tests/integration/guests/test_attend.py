"""After the code: one page, four things, and what follows the meeting (D4, D5, E3, E4)."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, AuditView
from app.core.clock import now
from app.invitations.models import GuestSession, Invitation
from app.meetings.models import Action, Dissent, Invitee, Meeting, Report
from app.meetings.types import ActionState, Answer, Format, MeetingState
from app.outbox.models import OutboxMessage
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_meeting

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HOUR = timedelta(hours=1)
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 200


class Invited:
    """One invited person of a meeting, with the code already given."""

    def __init__(self, app: Any, change: Any, place: int = 1, **wishes: Any) -> None:
        self.change = change
        self.team = wishes.pop("team", False)
        with change() as session:
            meeting = make_meeting(session, **({"invitees": 4} | wishes))
            invitee = meeting.invitees[place]
            if self.team:
                invitee.is_team = True
                session.get_one(Invitation, invitee.invitation_id).is_team = True
            self.meeting_id, self.id, self.ref = meeting.id, invitee.id, meeting.ref
            self.email = invitee.email
            token = make_guest_session(session, invitee)
        self.phone = Phone(app, token)

    def invitee(self, session: Session) -> Invitee:
        return session.get_one(Invitee, self.id)

    def set_state(self, state: MeetingState) -> None:
        with self.change() as session:
            session.get_one(Meeting, self.meeting_id).state = state

    def add_action(self, what: str = "See the child") -> int:
        with self.change() as session:
            meeting = session.get_one(Meeting, self.meeting_id)
            action = Action(
                meeting_id=meeting.id,
                child_id=None,
                what=what,
                why="To hear them",
                owner_id=self.id,
                due_at=now() + timedelta(days=1),
                state=ActionState.OPEN,
                progress=None,
                closed_at=None,
                removed_at=None,
                added_by_id=meeting.chair_id,
                added_at=now(),
            )
            session.add(action)
            session.flush()
            return action.id


@pytest.fixture
def police(app: Any, change: Any) -> Invited:
    return Invited(app, change)


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


def test_a_typed_report_gets_a_receipt_and_stands_for_the_answer(police: Invited) -> None:
    words = "Zoë said: <script>alert(1)</script> 👧🏽 " + "x" * 10_000
    sent = police.phone.post("/attend/report", "/attend", "report", body=words)
    assert (sent.status_code, sent.location) == (303, "/attend#reports")
    page = police.phone.get("/attend").text
    assert "We received your report at" in page
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    with police.change() as session:
        [report] = session.execute(select(Report)).scalars()
        assert report.body == words
        assert police.invitee(session).answer is Answer.REPORT


def test_a_report_beside_taking_part_keeps_the_answer(police: Invited) -> None:
    police.phone.post("/attend/answer", "/attend", "answer", answer="dial_in")
    police.phone.post("/attend/report", "/attend", "report", body="What we know")
    with police.change() as session:
        assert police.invitee(session).answer is Answer.DIAL_IN


def test_several_reports_and_a_file_comes_back_as_sent(police: Invited) -> None:
    police.phone.post("/attend/report", "/attend", "report", body="First")
    police.phone.post(
        "/attend/report", "/attend", "report", body="", file=(io.BytesIO(PDF), "../../läb.pdf")
    )
    with police.change() as session:
        first, second = session.execute(select(Report).order_by(Report.id)).scalars()
        assert (second.file, second.media_type) == (PDF, "application/pdf")
    page = police.phone.get("/attend").text
    assert page.count("Received</strong>") == 2
    sent = police.phone.get(f"/attend/reports/{second.id}")
    assert sent.data == PDF
    assert sent.headers["Content-Disposition"].startswith("attachment;")
    assert ".." not in sent.headers["Content-Disposition"]
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert police.phone.get(f"/attend/reports/{first.id}").status_code == 404


@pytest.mark.parametrize(
    ("content", "name"), [(EXE, "report.pdf"), (b"", "empty.pdf"), (b"<html>", "report.docx")]
)
def test_a_file_of_another_kind_is_refused_and_the_words_stay(
    police: Invited, content: bytes, name: str
) -> None:
    sent = police.phone.post(
        "/attend/report", "/attend", "report", body="Typed 🚸 words",
        file=(io.BytesIO(content), name),
    )  # fmt: skip
    assert sent.status_code == 422
    assert 'id="report-file-error"' in sent.text and 'href="#report-file"' in sent.text
    assert "Typed 🚸 words" in sent.text
    with police.change() as session:
        assert not session.execute(select(Report)).scalars().all()


def test_an_empty_report_is_refused(police: Invited) -> None:
    sent = police.phone.post("/attend/report", "/attend", "report", body="  \n ")
    assert sent.status_code == 422
    assert 'id="report-body-error"' in sent.text


def test_a_report_sent_twice_is_kept_once(police: Invited) -> None:
    for _ in range(2):
        police.phone.post("/attend/report", "/attend", "report", body="Once", nonce="n" * 32)
    with police.change() as session:
        assert len(session.execute(select(Report)).scalars().all()) == 1


def test_a_colleague_gets_an_own_invitation_and_the_link_ends(app: Any, police: Invited) -> None:
    sent = police.phone.post(
        "/attend/colleague", "/attend", "colleague",
        name="DS Priya Nair", role="Detective sergeant", email="priya@police.example",
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
    [("name", ""), ("role", ""), ("email", ""), ("email", "not an address"),
     ("email", "a@b.example\r\nBcc: x@y.example"), ("email", "=?utf-8?q?a?=@b.example")],
)  # fmt: skip
def test_a_colleague_without_what_is_needed_is_refused(
    police: Invited, field: str, value: str
) -> None:
    given = {"name": "Priya", "role": "Sergeant", "email": "p@police.example"} | {field: value}
    sent = police.phone.post("/attend/colleague", "/attend", "colleague", **given)
    assert sent.status_code == 422
    assert f'id="colleague-{field}-error"' in sent.text
    assert police.phone.get("/attend").status_code == 200
    with police.change() as session:
        assert not session.execute(select(OutboxMessage)).scalars().all()


def test_somebody_on_the_list_cannot_be_the_colleague(police: Invited) -> None:
    sent = police.phone.post(
        "/attend/colleague", "/attend", "colleague",
        name="Me", role="Sergeant", email=police.email,
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


def test_after_the_meeting_there_is_nothing_left_to_answer(police: Invited) -> None:
    answer_page = police.phone.get("/attend").text
    police.set_state(MeetingState.ENDED)
    page = police.phone.get("/attend").text
    assert "Will you take part?" in answer_page
    for words in ("Will you take part?", "PIN", "tel:+4420794602", "The concern"):
        assert words not in page
    for path, prefix, fields in (
        ("answer", "answer", {"answer": "attend"}),
        ("report", "report", {"body": "late", "nonce": "n"}),
        ("colleague", "colleague",
         {"name": "A", "role": "B", "email": "a@b.example", "nonce": "m"}),
    ):  # fmt: skip
        sent = police.phone.post(f"/attend/{path}", "/attend", prefix, **fields)
        assert sent.status_code == 422
        assert "The meeting is over" in sent.text
    late = police.phone.post("/attend/report", "/attend", "report", body="Long words", nonce="o")
    assert "It was not sent." in late.text and "Long words" in late.text


def test_after_a_cancellation_nothing_of_the_case_is_left(police: Invited) -> None:
    police.set_state(MeetingState.CANCELLED)
    page = police.phone.get("/attend").text
    assert "This meeting was cancelled" in page
    for words in ("Okonjo", "Physical abuse", "PIN", "Will you take part?"):
        assert words not in page


def test_own_actions_are_shown_at_once_and_marked_until_signed(police: Invited) -> None:
    number = police.add_action("See the child alone <b>today</b>")
    police.set_state(MeetingState.ENDED)
    page = police.phone.get("/attend").text
    assert "See the child alone &lt;b&gt;today" in page and "Not yet signed" in page
    sent = police.phone.post(
        f"/attend/actions/{number}", "/attend", f"action-{number}",
        state="done", progress="Seen at school",
    )  # fmt: skip
    assert (sent.status_code, sent.location) == (303, "/attend#actions")
    with police.change() as session:
        action = session.get_one(Action, number)
        assert (action.state, action.progress) == (ActionState.DONE, "Seen at school")
        assert action.closed_at is not None
        entry = session.execute(select(AuditEntry).order_by(AuditEntry.id.desc())).scalars().first()
        assert "Seen at school" not in str(entry.details)
    police.set_state(MeetingState.SIGNED)
    page = police.phone.get("/attend").text
    assert "Not yet signed" not in page and "Seen at school" in page


def test_two_behind_one_address_do_not_overwrite_each_other(police: Invited) -> None:
    number = police.add_action()
    police.set_state(MeetingState.ENDED)
    path, prefix = f"/attend/actions/{number}", f"action-{number}"
    police.phone.post(path, "/attend", prefix, state="done", progress="Theirs", version="1")
    late = police.phone.post(path, "/attend", prefix, state="open", progress="Mine", version="1")
    assert late.status_code == 422
    assert "Theirs" in late.text and "Mine" in late.text
    again = police.phone.post(path, "/attend", prefix, state="open", progress="Mine")
    assert again.status_code == 303


def test_what_is_not_possible_needs_a_word(police: Invited) -> None:
    number = police.add_action()
    sent = police.phone.post(
        f"/attend/actions/{number}", "/attend", f"action-{number}",
        state="not_possible", progress="",
    )  # fmt: skip
    assert sent.status_code == 422
    assert f'id="action-{number}-progress-error"' in sent.text


def test_disagreeing_is_kept_with_its_reason(police: Invited) -> None:
    police.set_state(MeetingState.ENDED)
    empty = police.phone.post("/attend/disagree", "/attend", "disagree", what="This", why="")
    assert empty.status_code == 422 and 'id="disagree-why-error"' in empty.text
    sent = police.phone.post(
        "/attend/disagree", "/attend", "disagree", what="No joint enquiry", why="A crime"
    )
    assert sent.status_code == 303
    with police.change() as session:
        [dissent] = session.execute(select(Dissent)).scalars()
        assert (dissent.invitee_id, dissent.what, dissent.why) == (
            police.id, "No joint enquiry", "A crime",
        )  # fmt: skip
        assert dissent.recorded_by_id is None
    assert "No joint enquiry" in police.phone.get("/attend").text


def test_nobody_disagrees_before_the_meeting(police: Invited) -> None:
    assert "I disagree" not in police.phone.get("/attend").text
    csrf = re.search(r'csrf_token" value="([^"]+)"', police.phone.get("/attend").text)
    assert csrf
    sent = police.phone.client.post(
        "/attend/disagree",
        data={"disagree-csrf_token": csrf[1], "disagree-nonce": "n", "disagree-what": "a",
              "disagree-why": "b"},
    )  # fmt: skip
    assert sent.status_code == 422
    with police.change() as session:
        assert not session.execute(select(Dissent)).scalars().all()


def test_a_typed_dial_in_and_a_place_are_shown(app: Any, change: Any) -> None:
    guest = Invited(app, change)
    with change() as session:
        meeting = session.get_one(Meeting, guest.meeting_id)
        meeting.typed_dial_in = "Ring 01632 960555, code 9"
        meeting.line_id, meeting.pin_id = None, None
        meeting.format, meeting.place = Format.MEETING, "Civic Centre, room 2"
    page = guest.phone.get("/attend").text
    assert "Ring 01632 960555, code 9" in page
    assert page.index("I attend in person") < page.index("I dial in")
    assert "Civic Centre, room 2" in page


def test_leaving_ends_the_session(police: Invited) -> None:
    left = police.phone.post("/attend/leave", "/attend")
    assert left.status_code == 200 and "You have left" in left.text
    with police.change() as session:
        [held] = session.execute(select(GuestSession)).scalars()
        assert held.ended_at is not None
    assert police.phone.get("/attend").status_code == 401
