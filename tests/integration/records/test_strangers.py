"""What a stranger did from a wrong mailbox is not the right person's (D7, E3, E4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading, transaction
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.booking.late_address import mend_late
from app.meetings.booking.types import Again
from app.meetings.discussion import people
from app.meetings.discussion.models import Action, Dissent
from app.meetings.escalation.models import Escalation
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import invitee_for_change
from app.meetings.types import ActionState, MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import service
from app.records.actions.service import reported
from app.records.address.page import address_page
from app.records.address.service import correct_address
from app.records.queries import dissents_beside
from app.referrals.sender import Sender
from tests.factories.guests import Phone, make_guest_session
from tests.factories.records import make_ended, make_releaser, sign_as_chair
from tests.integration.guests.attending import Invited
from tests.integration.records.circulating import settings_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
RIGHT = "right.person@police.example"
WORDS, WHAT = "I do not know this family", "I was never asked"


class Ended:
    """A discussion that has ended; the letter to its second invitee went to a stranger."""

    def __init__(self, app) -> None:
        self.app = app
        with transaction() as session:
            meeting = make_ended(session, start=now() - timedelta(hours=2))
            person = meeting.invitees[1]
            self.id, self.ref, self.number = meeting.id, meeting.ref, person.id
            messages.send(session, LetterKind.INVITATION, meeting, [person], SENDER, now())
            for letter in session.query(OutboxMessage):
                letter.state, letter.sent_at = MessageState.SENT, now()
            self.phone = Phone(app, make_guest_session(session, person))
            self.action = session.query(Action).filter_by(owner_id=person.id).one().id

    def report(self) -> None:
        said = {"state": "not_possible", "progress": WORDS}
        there = f"/attend/actions/{self.action}"
        assert self.phone.post(there, "/attend", f"action-{self.action}", **said).status_code == 303

    def disagree(self) -> None:
        said = {"what": WHAT, "why": "Wrong person"}
        assert self.phone.post("/attend/disagree", "/attend", "disagree", **said).status_code == 303

    def sign(self) -> None:
        with transaction() as session:
            meeting = session.get_one(Meeting, self.id)
            sign_as_chair(session, settings_of(self.app), meeting, now())

    def mend(self) -> int:
        with transaction() as session:
            staff, meeting = make_releaser(session), session.get_one(Meeting, self.id)
            person = invitee_for_change(session, self.number)
            assert person is not None
            return mend_late(session, staff, meeting, person, Again(RIGHT), SENDER, now())

    def mend_signed(self) -> None:
        with transaction() as session:
            staff, meeting = make_releaser(session), session.get_one(Meeting, self.id)
            person = invitee_for_change(session, self.number)
            assert person is not None
            correct_address(session, staff, meeting, person, Again(RIGHT), SENDER, now())

    def told(self) -> list[str]:
        return [row.kind for row in reading().query(OutboxMessage) if row.recipient == RIGHT]


@pytest.fixture
def ended(in_app) -> Ended:
    return Ended(in_app)


def test_what_the_stranger_reported_is_open_again_and_the_right_person_is_told(ended) -> None:
    ended.report()
    assert ended.mend() == 1
    action = reading().get_one(Action, ended.action)
    assert (action.state, action.closed_at) == (ActionState.OPEN, None)
    assert action.progress == f"Reported from a wrong address: {WORDS}"
    assert action.told_at is not None
    assert ended.told() == ["actions"]
    row = reading().query(AuditEntry).filter_by(action="address corrected after the start").one()
    assert row.details["reported_there"] == [ended.action]


def test_what_the_desk_noted_after_them_stays(ended) -> None:
    ended.report()
    with transaction() as session:
        staff, action = make_releaser(session), session.get_one(Action, ended.action)
        done = ActionState.DONE
        reported(session, staff.actor, ended.ref, action, done, "Seen", action.version, now())
    assert ended.mend() == 0
    action = reading().get_one(Action, ended.action)
    assert (action.state, action.progress) == (ActionState.DONE, "Seen")


def test_the_strangers_disagreement_is_struck_and_the_record_is_without_it(ended) -> None:
    ended.disagree()
    ended.mend()
    session = reading()
    dissent, meeting = session.query(Dissent).one(), session.get_one(Meeting, ended.id)
    assert session.get_one(Invitee, dissent.invitee_id).wrong_address
    assert "was not their address" in (dissent.struck_reason or "")
    assert session.query(Escalation).one().ended_at is not None
    assert session.query(AuditEntry).filter_by(action="struck a disagreement").count() == 1
    assert service.draft_of(session, meeting, now()).dissent == ()


@pytest.mark.parametrize("by_staff", [False, True])
def test_a_name_stays_where_staff_wrote_it_and_goes_where_the_stranger_did(
    app, change, by_staff
) -> None:
    team = Invited(app, change, team=True)
    with change() as session:
        meeting = session.get_one(Meeting, team.meeting_id)
        messages.send(
            session, LetterKind.INVITATION, meeting, [team.invitee(session)], SENDER, now()
        )
        for letter in session.query(OutboxMessage):
            letter.state, letter.sent_at = MessageState.SENT, now()
    team.set_state(MeetingState.UNDER_WAY)
    with change() as session:
        session.get_one(Meeting, team.meeting_id).started_at = now()
    team.phone.post("/attend/name", "/attend", name="Mallory Stranger", role="Nobody")
    with change() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, team.meeting_id)
        if by_staff:
            people.set_attended(
                session, staff.actor, meeting, team.id, "attended_name", "Bella Boss", now()
            )
        else:
            assert team.invitee(session).attended_name == "Mallory Stranger"
    with change() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, team.meeting_id)
        person = invitee_for_change(session, team.id)
        mend_late(session, staff, meeting, person, Again(RIGHT), SENDER, now())
    with change() as session:
        named = team.invitee(session).attended_name
    assert named == ("Bella Boss" if by_staff else None)


def test_after_sign_off_the_signed_record_stays_and_its_correction_is_without_it(ended) -> None:
    ended.disagree()
    ended.sign()
    ended.report()
    with transaction() as session:
        meeting, person = (
            session.get_one(Meeting, ended.id),
            invitee_for_change(session, ended.number),
        )
        page = address_page(session, meeting, person, archived=False)
    assert (page.dissents, page.in_record, page.reported, page.correcting) == (1, 1, 1, False)
    assert page.told_of_actions
    ended.mend_signed()
    session = reading()
    assert session.get_one(Action, ended.action).state is ActionState.OPEN
    assert session.query(Dissent).one().struck_at is not None
    assert "actions" in ended.told()
    with transaction() as session:
        meeting = session.get_one(Meeting, ended.id)
        chair = make_releaser(session, Role.CHAIR)
        service.correct(session, chair, meeting, "It holds what a stranger wrote", now())
    session = reading()
    meeting = session.get_one(Meeting, ended.id)
    assert service.draft_of(session, meeting, now()).dissent == ()


def test_what_a_stranger_wrote_after_sign_off_stands_beside_no_record(ended) -> None:
    ended.sign()
    signed_at = reading().get_one(Meeting, ended.id).signed_at
    ended.disagree()
    assert len(dissents_beside(reading(), ended.id, signed_at)) == 1
    ended.mend_signed()
    assert dissents_beside(reading(), ended.id, signed_at) == []


def test_both_pages_say_so_beforehand(app, change, signed_in) -> None:
    with app.app_context():
        ended = Ended(app)
    ended.disagree()
    ended.report()
    browser = signed_in(Role.ADMINISTRATOR)
    page = browser.get(f"/discussions/{ended.ref}/invitees/{ended.number}/send-again").text
    assert "1 disagreement sent by the old link is struck" in page
    assert "of 1 action counts no more: it is open again" in page
    assert "is told at the new address of what they are to do, now" in page
    with app.app_context():
        ended.sign()
    page = browser.get(f"/discussions/{ended.ref}/record/readers/{ended.number}/address").text
    assert "1 disagreement sent by the old link is struck" in page
    assert "The signed record cannot change: it says that until it is corrected" in page
    assert f"/discussions/{ended.ref}/record" in page
