"""A colleague whom a stranger named by a link is nobody's: the right one is put back (D4, D7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings import answers, messages
from app.meetings.booking.late_address import mend_late
from app.meetings.booking.types import Again
from app.meetings.discussion.models import Action, Dissent
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import invitee_for_change
from app.meetings.standing import standing
from app.meetings.types import Answer, Attendance, MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import circulation, ledger, queries, releasing, worker
from app.records.address.page import address_page
from app.records.address.service import correct_address
from app.records.types import Step
from app.referrals.sender import Sender
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_meeting
from tests.factories.records import make_ended, make_releaser, sign_as_chair
from tests.integration.records.circulating import deliver, settings_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
RIGHT, FRIEND = "right.person@police.example", "friend@mailbox.example"


class Named:
    """A discussion to which the second invitee's letter went astray: a stranger named a friend."""

    def __init__(self, app, state: MeetingState = MeetingState.ENDED, by_staff: bool = False):
        self.app = app
        with transaction() as session:
            meeting = make_meeting(
                session, MeetingState.BOOKED, start=now() + timedelta(hours=1), at=now()
            ) if state is MeetingState.UNDER_WAY else make_ended(
                session, start=now() - timedelta(hours=2)
            )  # fmt: skip
            person = meeting.invitees[1]
            self.id, self.ref, self.number = meeting.id, meeting.ref, person.id
            messages.send(session, LetterKind.INVITATION, meeting, [person], SENDER, now())
            before, meeting.state = meeting.state, MeetingState.BOOKED
            guest = Actor(ActorKind.GUEST, person.invitation_id, "invited person (session 1)")
            actor = make_releaser(session).actor if by_staff else guest
            friend = answers.Deputy("A Stranger", FRIEND, checked=True)
            colleague = answers.name_deputy(session, person, friend, SENDER, actor, now())
            self.colleague, meeting.state = colleague.id, before
            colleague.attendance = Attendance.ABSENT
            for action in session.query(Action).filter_by(owner_id=person.id):
                action.owner_id = colleague.id  # they took it on
            if state is MeetingState.UNDER_WAY:
                meeting.state, meeting.started_at = state, now()
            for letter in session.query(OutboxMessage):
                letter.state, letter.sent_at = MessageState.SENT, now()
            self.phone = Phone(app, make_guest_session(session, colleague))

    def mend(self, order: Again | None = None) -> None:
        with transaction() as session:
            staff, meeting = make_releaser(session), session.get_one(Meeting, self.id)
            person = invitee_for_change(session, self.number)
            assert person is not None
            mend_late(session, staff, meeting, person, order or Again(RIGHT), SENDER, now())

    def put_right(self) -> None:
        """The right person is asked, the friend is off the list and opens nothing."""
        session = reading()
        person = session.get_one(Invitee, self.number)
        friend = session.get_one(Invitee, self.colleague)
        assert (person.answer, person.email) == (Answer.NONE, RIGHT)
        assert friend.removed_at is not None and friend.wrong_address
        held = session.get_one(Invitation, friend.invitation_id)
        assert held.revoked_at is not None
        counted = [one.id for one in standing(session.get_one(Meeting, self.id).invitees)]
        assert self.number in counted and self.colleague not in counted
        assert self.phone.get("/attend").status_code == 401


@pytest.mark.parametrize("state", [MeetingState.UNDER_WAY, MeetingState.ENDED])
def test_the_right_person_is_put_back_and_the_strangers_friend_comes_off(in_app, state) -> None:
    named = Named(in_app, state)
    named.mend()
    named.put_right()


def test_what_the_friend_took_on_is_the_right_persons_and_what_they_said_is_struck(in_app) -> None:
    named = Named(in_app)
    said = {"what": "I was never asked", "why": "Wrong person"}
    assert named.phone.post("/attend/disagree", "/attend", "disagree", **said).status_code == 303
    named.mend()
    session = reading()
    owned = session.query(Action).filter_by(owner_id=named.number).all()
    assert owned and all(one.told_at for one in owned)
    assert not session.query(Action).filter_by(owner_id=named.colleague).all()
    assert session.query(Dissent).one().struck_at is not None
    letters = [one.kind for one in session.query(OutboxMessage) if one.recipient == RIGHT]
    assert letters == ["actions"]


def test_a_colleague_named_to_staff_or_from_their_own_mailbox_comes_all_the_same(in_app) -> None:
    named = Named(in_app, by_staff=True)
    with pytest.raises(Refused, match="not invited any more"):
        named.mend()
    other = Named(in_app)
    with pytest.raises(Refused, match="not invited any more"):
        other.mend(Again(RIGHT, theirs=True))
    assert reading().get_one(Invitee, other.colleague).removed_at is None


def test_the_desk_is_offered_it_and_reads_so_beforehand(app, signed_in) -> None:
    with app.app_context():
        named, kept = Named(app), Named(app, by_staff=True)
    desk = signed_in(Role.ADMINISTRATOR)
    here = f"/discussions/{named.ref}/invitees/{named.number}/send-again"
    assert f'href="{here}"' in desk.get(f"/discussions/{named.ref}").text
    assert f'id="send-{kept.number}"' not in desk.get(f"/discussions/{kept.ref}").text
    page = desk.get(here).text
    assert "A Stranger, named by the old link to come instead, comes off the list" in page


def test_after_sign_off_the_copy_goes_to_the_right_person(in_app) -> None:
    named = Named(in_app)
    settings = settings_of(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, named.id)
        sign_as_chair(session, settings, meeting, now())
        staff, number = make_releaser(session), queries.newest_number(session, meeting.id)
        releasing.release(session, staff, meeting, number, {}, True, now())
    worker.make_copies(settings, now())
    with transaction() as session:
        deliver(session)
        circulation.note_circulated(session, named.id, now())
    with transaction() as session:
        meeting = session.get_one(Meeting, named.id)
        person = invitee_for_change(session, named.number)
        page = address_page(session, meeting, person, archived=False)
        assert page.colleagues == ("A Stranger",) and page.told_of_actions
        assert "gets their copy of version 1" in page.copy
        staff = make_releaser(session)
        assert correct_address(session, staff, meeting, person, Again(RIGHT), SENDER, now()).anew
    assert reading().get_one(Meeting, named.id).circulated_at is None
    worker.make_copies(settings, now())
    named.put_right()
    session = reading()
    version = queries.newest_version(session, named.id)
    lines = {one.invitee_id: one for one in ledger.ledger_of(session, version.id)}
    assert lines[named.number].step is Step.QUEUED
    assert lines[named.colleague].wrong_address == FRIEND
