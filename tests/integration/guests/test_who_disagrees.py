"""Behind a team's address it is kept who of them disagrees, also for the record (D3, E4)."""

from __future__ import annotations

import io
from datetime import timedelta

import pikepdf
import pypdf
import pytest
from sqlalchemy import text

from app.accounts.types import Role
from app.core.clock import now
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.booking.late_address import mend_late
from app.meetings.booking.types import Again
from app.meetings.discussion.models import Dissent
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import invitee_for_change
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import queries, service
from app.referrals.sender import Sender
from tests.factories.guests import Phone, make_guest_session
from tests.factories.records import make_ended, make_releaser, sign_as_chair
from tests.integration.records.circulating import settings_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
WHAT, WHY = "No joint enquiry", "The burn is a crime"
NAMED = {"name": "Bella Boss", "role": "Inspector"}


class Desk:
    """A duty desk of the police whose discussion has ended, with two behind its address."""

    def __init__(self, app, change) -> None:
        self.app, self.change = app, change
        with change() as session:
            meeting = make_ended(session, invitees=2, children=1, start=now() - timedelta(hours=2))
            desk = meeting.invitees[1]
            desk.is_team, desk.attended_name, desk.attended_role = True, "Sam Reed", "Sergeant"
            session.get_one(Invitation, desk.invitation_id).is_team = True
            self.ref, self.meeting_id, self.id = meeting.ref, meeting.id, desk.id
            self.name, self.agency = desk.name, desk.agency_name
            self.phone = Phone(app, make_guest_session(session, desk))

    @property
    def who(self) -> str:
        return f"Bella Boss, Inspector, for {self.name}"

    def disagree(self) -> None:
        assert self.phone.post("/attend/name", "/attend", **NAMED).status_code == 303
        sent = self.phone.post("/attend/disagree", "/attend", "disagree", what=WHAT, why=WHY)
        assert sent.status_code == 303


@pytest.fixture
def desk(app, change) -> Desk:
    return Desk(app, change)


def test_whoever_of_the_desk_disagrees_stands_with_it_and_not_who_took_part(desk) -> None:
    desk.disagree()
    with desk.change() as session:
        said = session.query(Dissent).one()
        assert (said.person_name, said.person_role) == ("Bella Boss", "Inspector")
        [(held,)] = session.execute(text("SELECT person_name || person_role FROM dissent"))
        assert "Bella" not in str(held) and "Inspector" not in str(held)
        assert session.get_one(Invitee, desk.id).attended_name == "Sam Reed"


def test_the_pages_of_the_discussion_say_who(desk, signed_in) -> None:
    desk.disagree()
    chair = signed_in(Role.CHAIR)
    assert (
        f"<strong>{desk.who}</strong> disagrees with"
        in chair.get(f"/discussions/{desk.ref}/hold").text
    )
    there = f"/discussions/{desk.ref}/disagreements"
    assert f"{desk.who}, {desk.agency}</h2>" in chair.get(there).text


def test_the_printed_record_says_who(desk, signed_in) -> None:
    desk.disagree()
    draft = signed_in(Role.CHAIR).get(f"/discussions/{desk.ref}/record/draft.pdf")
    with pikepdf.open(io.BytesIO(draft.data)) as opened:
        plain = io.BytesIO()
        opened.save(plain)
    printed = " ".join(page.extract_text() for page in pypdf.PdfReader(plain).pages)
    assert f"{desk.who}, {desk.agency}" in " ".join(printed.split())


def test_after_the_signature_it_stands_beside_the_record_with_the_name(desk, signed_in) -> None:
    with desk.change() as session:
        meeting = session.get_one(Meeting, desk.meeting_id)
        sign_as_chair(session, settings_of(desk.app), meeting, now())
        signed_at = meeting.signed_at
    desk.disagree()
    with desk.change() as session:
        [beside] = queries.dissents_beside(session, desk.meeting_id, signed_at)
    assert (beside.name, beside.what) == (desk.who, WHAT)
    page = signed_in(Role.CHAIR).get(f"/discussions/{desk.ref}/record").text
    assert f"<strong>{desk.who}</strong>" in page


def test_a_strangers_name_is_struck_with_what_they_said(desk, signed_in) -> None:
    with desk.change() as session:
        meeting = session.get_one(Meeting, desk.meeting_id)
        messages.send(session, LetterKind.INVITATION, meeting, [meeting.invitees[1]], SENDER, now())
        for letter in session.query(OutboxMessage):
            letter.state, letter.sent_at = MessageState.SENT, now()
    desk.disagree()
    with desk.change() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, desk.meeting_id)
        right = invitee_for_change(session, desk.id)
        assert right is not None
        mend_late(session, staff, meeting, right, Again("right@police.example"), SENDER, now())
        assert service.draft_of(session, meeting, now()).dissent == ()
    page = signed_in(Role.CHAIR).get(f"/discussions/{desk.ref}/disagreements").text
    assert "Bella Boss" in page and "Struck" in page


def test_of_one_person_nothing_more_is_kept(app, change) -> None:
    with change() as session:
        meeting = make_ended(session, invitees=2, children=1, start=now() - timedelta(hours=2))
        phone = Phone(app, make_guest_session(session, meeting.invitees[1]))
        name, meeting_id = meeting.invitees[1].name, meeting.id
    phone.post("/attend/disagree", "/attend", "disagree", what=WHAT, why=WHY)
    with change() as session:
        assert session.query(Dissent).one().person_name is None
        draft = service.draft_of(session, session.get_one(Meeting, meeting_id), now())
        assert [one.name for one in draft.dissent] == [name]
