"""What invitees do: answer, name a colleague, send a report (D4, D5)."""

from __future__ import annotations

import io
import zipfile

import pytest
from sqlalchemy import select

from app.audit.types import Actor, ActorKind
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.core.uploads import checked_upload
from app.invitations.models import Invitation
from app.meetings import answers
from app.meetings.calls.page import to_telephone
from app.meetings.models import Invitee, Meeting, Report
from app.meetings.types import Answer, MeetingState, ReportVia
from app.outbox.models import OutboxMessage
from tests.clock import FRIDAY
from tests.factories.booking import SENDER
from tests.factories.meetings import make_meeting, make_person
from tests.page_form import form_of

GUEST = Actor(ActorKind.GUEST, 1, "Invitee")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"


@pytest.fixture
def invitee_id(in_app):
    with transaction() as session:
        meeting = make_meeting(session, invitees=3)
        return meeting.invitees[1].id


def test_the_last_answer_holds(invitee_id):
    for given in (Answer.ATTEND, Answer.DECLINED):
        with transaction() as session:
            invitee = session.get(Invitee, invitee_id)
            answers.answer(session, invitee, given, "On leave", GUEST, FRIDAY)
    held = reading().get(Invitee, invitee_id)
    assert (held.answer, held.answer_note) == (Answer.DECLINED, "On leave")


@pytest.mark.parametrize("state", [MeetingState.ENDED, MeetingState.SIGNED, MeetingState.CANCELLED])
def test_no_answer_once_it_is_over(in_app, state):
    with transaction() as session:
        invitee_id = make_meeting(session, state).invitees[1].id
    with pytest.raises(Refused), transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        answers.answer(session, invitee, Answer.ATTEND, "", GUEST, FRIDAY)


def test_a_colleague_gets_an_own_invitation_and_the_first_link_ends(invitee_id):
    pin = reading().execute(select(Meeting.pin_id)).scalar_one()
    with transaction() as session:
        colleague = answers.name_deputy(
            session,
            session.get(Invitee, invitee_id),
            answers.Deputy("Jo Deputy", "Jo.Deputy@police.example"),
            SENDER,
            GUEST,
            FRIDAY,
        )
        colleague_id = colleague.id
    session = reading()
    first, second = session.get(Invitee, invitee_id), session.get(Invitee, colleague_id)
    assert first.answer is Answer.DEPUTY
    assert second.deputy_for_id == first.id
    assert second.agency_kind is first.agency_kind
    assert session.get(Invitation, first.invitation_id).revoked_at is not None
    assert session.get(Invitation, second.invitation_id).revoked_at is None
    sent = {
        row.recipient: row.kind
        for row in session.execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
    }
    assert sent == {first.email: "cancellation", "jo.deputy@police.example": "invitation"}
    assert session.execute(select(Meeting.pin_id)).scalar_one() == pin
    with pytest.raises(Refused), transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        answers.answer(session, invitee, Answer.ATTEND, "", GUEST, FRIDAY)


@pytest.mark.parametrize(
    ("name", "email", "field"),
    [
        ("", "jo@police.example", "name"),
        ("Jo", "not an address", "email"),
        ("Jo", "jo@police.example\nBcc: x@y.example", "email"),
    ],
)
def test_a_colleague_without_name_or_address_is_refused(invitee_id, name, email, field):
    with pytest.raises(Refused) as refused, transaction() as session:
        deputy = answers.Deputy(name, email)
        invitee = session.get(Invitee, invitee_id)
        answers.name_deputy(session, invitee, deputy, SENDER, GUEST, FRIDAY)
    assert refused.value.field == field
    assert not reading().execute(select(OutboxMessage)).all()


STAFF = Actor(ActorKind.STAFF, None, "Desk")


def test_a_colleague_told_by_telephone_is_asked_and_nobody_else_hears(app, desk, invitee_id):
    """C5, D4: the PIN stays; a cancellation and an invitation, and no update."""
    with app.app_context():
        held = reading().get(Invitee, invitee_id)
        ref, pin, first = held.meeting.ref, held.meeting.pin_id, held.email
        db.session.remove()
    page = f"/discussions/{ref}/invitees/{invitee_id}/colleague"
    assert page in desk.get(f"/discussions/{ref}").text
    assert page in desk.get(f"/discussions/{ref}/calls").text
    fields = form_of(desk.get(page).text, page)
    refused = desk.post(page, data=fields)
    assert refused.status_code == 422 and "Enter the colleague’s name" in refused.text
    typed = fields | {"name": "Jo Deputy", "role": "Detective sergeant", "decides": "yes"}
    without = desk.post(page, data=typed)
    assert without.status_code == 422 and 'href="#email"' in without.text
    done = desk.post(page, data=typed | {"email": "Jo.Deputy@police.example"})
    assert (done.status_code, done.location) == (303, f"/discussions/{ref}")
    with app.app_context():
        session = reading()
        sent = sorted(
            (row.recipient, row.kind) for row in session.execute(select(OutboxMessage)).scalars()
        )
        assert sent == sorted([(first, "cancellation"), ("jo.deputy@police.example", "invitation")])
        assert session.execute(select(Meeting.pin_id)).scalar_one() == pin
        colleague = session.execute(select(Invitee).order_by(Invitee.id.desc())).scalars().first()
        assert (colleague.deputy_for_id, colleague.title) == (invitee_id, "Detective sergeant")
        assert colleague.decision_maker
        db.session.remove()


def test_a_colleague_with_a_telephone_alone_is_called(invitee_id):
    with transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        deputy = answers.Deputy("Jo Deputy", "", "DS", "01632 960123")
        colleague = answers.name_deputy(session, invitee, deputy, SENDER, STAFF, FRIDAY)
        assert (colleague.invitation_id, colleague.telephone) == (None, "01632 960123")
        assert colleague in to_telephone(colleague.meeting, ())
    sent = [row.kind for row in reading().execute(select(OutboxMessage)).scalars()]
    assert sent == ["cancellation"]


def test_a_guest_has_to_give_an_address(invitee_id):
    with pytest.raises(Refused) as refused, transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        deputy = answers.Deputy("Jo Deputy", "", "DS", "01632 960123")
        answers.name_deputy(session, invitee, deputy, SENDER, GUEST, FRIDAY)
    assert refused.value.field == "email"


def test_a_colleague_of_the_directory_is_known_by_their_address(invitee_id):
    with transaction() as session:
        known = make_person(session, name="Jo Deputy")
        invitee = session.get(Invitee, invitee_id)
        deputy = answers.Deputy("Jo Deputy", known.email or "", checked=True)
        colleague = answers.name_deputy(session, invitee, deputy, SENDER, GUEST, FRIDAY)
        assert colleague.professional_id == known.id


def test_what_was_pressed_on_an_old_letter_stands_beside_the_answer(invitee_id):
    for given in (Answer.ATTEND, Answer.DECLINED):
        with transaction() as session:
            invitee = session.get(Invitee, invitee_id)
            answers.answer(session, invitee, Answer.ATTEND, "By train", GUEST, FRIDAY)
            answers.answer_to_earlier_time(session, invitee, given, GUEST, FRIDAY)
        held = reading().get(Invitee, invitee_id)
        assert held.answer is Answer.ATTEND
        pressed = (Answer.DECLINED, FRIDAY) if given is Answer.DECLINED else (None, None)
        assert (held.earlier_answer, held.earlier_answer_at) == pressed
        assert held.answer_note == "By train"
    with transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        answers.answer(session, invitee, Answer.ATTEND, "", GUEST, FRIDAY)
        assert (invitee.answer_note, invitee.earlier_answer) == (None, None)


def test_the_chair_is_replaced_at_the_desk_and_by_nobody_else(invitee_id):
    with transaction() as session:
        [chair] = [
            one
            for one in session.get(Invitee, invitee_id).meeting.invitees
            if one.staff_id is not None
        ]
        chair_id = chair.id
    with pytest.raises(Refused, match="telephone the desk"), transaction() as session:
        deputy = answers.Deputy("Jo Deputy", "jo@council.example")
        answers.name_deputy(session, session.get(Invitee, chair_id), deputy, SENDER, GUEST, FRIDAY)
    assert not reading().execute(select(OutboxMessage)).all()


def test_a_report_is_kept_as_it_came(invitee_id):
    upload = checked_upload("../../etc/School report.exe", PDF)
    with transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        answers.add_report(session, invitee, "", upload, ReportVia.LINK, GUEST, FRIDAY)
    held = reading().execute(select(Report)).scalar_one()
    assert (held.file, held.media_type) == (PDF, "application/pdf")
    assert held.file_name == "School report.pdf"
    assert reading().get(Invitee, invitee_id).answer is Answer.NONE


def test_a_report_instead_of_coming_is_refused_where_a_colleague_comes(invitee_id):
    with transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        deputy = answers.Deputy("Jo Deputy", "Jo.Deputy@police.example")
        answers.name_deputy(session, invitee, deputy, SENDER, GUEST, FRIDAY)
    with pytest.raises(Refused), transaction() as session:
        invitee, words = session.get(Invitee, invitee_id), "What we hold"
        answers.add_report(
            session, invitee, words, None, ReportVia.LINK, GUEST, FRIDAY, instead=True
        )
    assert reading().get(Invitee, invitee_id).answer is Answer.DEPUTY
    assert not reading().execute(select(Report)).all()


def test_a_report_says_something(invitee_id):
    with pytest.raises(Refused), transaction() as session:
        invitee = session.get(Invitee, invitee_id)
        answers.add_report(session, invitee, "", None, ReportVia.LINK, GUEST, FRIDAY)


def _word(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", *names):
            archive.writestr(name, "<x/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (PDF, ".pdf"),
        (PNG, ".png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64, ".jpg"),
        (_word("word/document.xml"), ".docx"),
    ],
)
def test_files_are_known_by_their_content(content, ending):
    assert checked_upload("report.html", content).name == f"report{ending}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"MZ\x90\x00" + b"\x00" * 200,
        b"GIF89a" + b"\x00" * 50,
        _word("xl/workbook.xml"),
        _word("word/document.xml", "word/vbaProject.bin"),
        b"PK\x03\x04 broken",
        PDF + b"\x00" * (15 * 1024 * 1024),
    ],
)
def test_everything_else_is_refused(content):
    with pytest.raises(Refused) as refused:
        checked_upload("report.pdf", content)
    assert refused.value.field == "file"
