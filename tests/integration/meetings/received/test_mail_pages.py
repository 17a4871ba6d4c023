"""Mail that waits for a person: seen, taken on, noted, closed (D6)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.clock import now
from app.invitations.models import Invitation
from app.meetings.models import Invitee
from app.meetings.received.models import ReceivedMail
from app.meetings.types import Answer, MeetingState
from tests.factories.replies import counter, out_of_office, outlook, plain, with_file
from tests.integration.meetings.received.test_taking_in import Desk

_TOKEN = re.compile(r'csrf_token" value="([^"]+)"')


@pytest.fixture
def desk(change):
    found = Desk(change)
    found.said = found.said.but(stamp=now())
    return found


@pytest.fixture
def staff(signed_in):
    return signed_in(Role.ADMINISTRATOR)


def press(browser, page, path, **fields):
    token = _TOKEN.search(browser.get(page).text)[1]
    prefix = next(iter(fields)).partition("-")[0] if fields else ""
    name = f"{prefix}-csrf_token" if prefix else "csrf_token"
    named = {key.replace("_", "-", 1): value for key, value in fields.items()}
    return browser.post(path, data={name: token} | named)


def row(desk):
    with desk.change() as session:
        return session.execute(
            select(ReceivedMail).order_by(ReceivedMail.id.desc())
        ).scalars().first()  # fmt: skip


def test_nothing_waits(staff):
    assert "Nothing waits" in staff.get("/mail").text


def test_a_text_reply_is_read_taken_on_and_noted(desk, staff, change):
    ours = desk.letter()
    desk.take(plain(desk.said, words="I come <b>late</b>", extra=f"In-Reply-To: {ours}\n"), now())
    ref = row(desk).ref
    assert f"/mail/{ref}" in staff.get("/mail").text
    page = staff.get(f"/mail/{ref}").text
    assert "I come &lt;b&gt;late&lt;/b&gt;" in page and "Is it an answer?" in page
    assert press(staff, f"/mail/{ref}", f"/mail/{ref}/take").status_code == 303
    assert "With " in staff.get("/mail").text
    noted = press(staff, f"/mail/{ref}", f"/mail/{ref}/answer", note_answer="attend",
                  note_note="Ten minutes late")  # fmt: skip
    assert (noted.status_code, noted.location) == (303, "/mail")
    with change() as session:
        invitee = session.get_one(Invitee, desk.invitee_id)
        assert (invitee.answer, invitee.answer_note) == (Answer.ATTEND, "Ten minutes late")
        held = session.execute(select(ReceivedMail)).scalar_one()
        assert held.closed_at is not None and held.closing == "Noted: Will attend"
    assert "Nothing waits" in staff.get("/mail").text
    page = staff.get(f"/mail/{ref}").text
    assert "Noted: Will attend" in page and "Is it an answer?" not in page


def test_bad_input_keeps_what_was_typed(desk, staff):
    ours = desk.letter()
    desk.take(plain(desk.said, extra=f"In-Reply-To: {ours}\n"), now())
    here = f"/mail/{row(desk).ref}"
    none = press(staff, here, f"{here}/answer", note_answer="", note_note="Half typed")
    assert none.status_code == 422 and "Half typed" in none.text
    assert "Choose what they said" in none.text
    empty = press(staff, here, f"{here}/close", close_done="  ")
    assert empty.status_code == 422 and 'id="close-done-error"' in empty.text
    long = press(staff, here, f"{here}/close", close_done="x" * 2001)
    assert long.status_code == 422 and "x" * 2001 in long.text


def test_a_report_that_came_with_an_answer_is_named_and_can_be_added(desk, staff):
    desk.take(with_file(outlook(desk.said), "Report <1>.docx"), now())
    page = staff.get(f"/mail/{row(desk).ref}").text
    assert "The answer is noted. Somebody sent files with it" in page
    assert "Report &lt;1&gt;.docx" in page
    assert f"/discussions/{desk.said.ref}/invitees/{desk.invitee_id}/report" in page
    assert "Is it an answer?" not in page


def test_two_close_the_same_mail(desk, staff, signed_in):
    desk.take(plain(desk.said), now())
    here = f"/mail/{row(desk).ref}"
    other = signed_in(Role.CHAIR)
    token = _TOKEN.search(other.get(here).text)[1]
    assert press(staff, here, f"{here}/close", close_done="Telephoned").status_code == 303
    late = other.post(f"{here}/close", data={"close-csrf_token": token, "close-done": "Rang too"})
    assert late.status_code == 422
    assert "Somebody has closed this mail meanwhile" in late.text
    assert row(desk).closing == "Telephoned"


def test_another_time_is_shown_with_the_answer(desk, staff):
    proposed = now().replace(year=2026, month=12, day=1, hour=14, minute=30)
    desk.take(counter(desk.said.but(partstat="TENTATIVE"), proposed), now())
    page = staff.get(f"/mail/{row(desk).ref}").text
    assert "Tuesday 1 December 2026, 2:30 pm to 3:15 pm" in page
    assert "The meeting was not moved" in page and "May attend" in page


def test_the_original_is_saved_and_never_shown(desk, staff, signed_in, change):
    raw = plain(desk.said, words="<script>alert(1)</script>", kind="text/html")
    desk.take(raw, now())
    here = f"/mail/{row(desk).ref}/original"
    sent = staff.get(here)
    assert sent.data == raw
    assert sent.headers["Content-Type"] == "application/octet-stream"
    assert sent.headers["Content-Disposition"].startswith("attachment;")
    assert signed_in(Role.ANALYST).get(here).status_code == 403
    with change() as session:
        views = session.execute(select(AuditView.page).where(AuditView.subject_kind == "mail"))
        assert list(views.scalars()) == ["original mail"]


def test_the_discussion_shows_what_came_beside_the_answers(desk, staff, change):
    with change() as session:
        invitee = session.get_one(Invitee, desk.invitee_id)
        session.get_one(Invitation, invitee.invitation_id).sequence = 2
    ours = desk.letter()
    desk.take(outlook(desk.said.but(sequence=1)), now())
    desk.take(out_of_office(desk.said, ours), now())
    page = staff.get(f"/discussions/{desk.said.ref}").text
    assert "“Will dial in”, but to an earlier version of the invitation" in page
    assert "An automatic reply came" in page
    desk.set(answer=Answer.DIAL_IN)
    page = staff.get(f"/discussions/{desk.said.ref}").text
    assert "earlier version of the invitation" not in page


def test_an_answer_after_the_end_cannot_be_noted(desk, staff, change):
    ours = desk.letter()
    desk.take(plain(desk.said, extra=f"In-Reply-To: {ours}\n"), now())
    with change() as session:
        session.get_one(Invitee, desk.invitee_id).meeting.state = MeetingState.ENDED
    page = staff.get(f"/mail/{row(desk).ref}").text
    assert "Is it an answer?" not in page and "When you have seen to it" in page


def test_older_mail_by_key(desk, staff):
    for _ in range(27):
        desk.take(outlook(desk.said.but(uid="not-ours")), now())
    first = staff.get("/mail").text
    older = re.search(r'href="(/mail\?before=\d+)"', first)
    assert older
    assert "Earlier mail" in staff.get(older[1]).text
    assert staff.get("/mail?before=99999999999999999999").status_code == 200
    assert staff.get("/mail/ML-0000-0000").status_code == 404
