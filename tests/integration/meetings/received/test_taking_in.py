"""Mail taken in: what is noted, what goes to a person, and that nothing is taken twice (D6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.directory.models import Professional
from app.invitations.models import Invitation
from app.invitations.replies.reading import read_mail
from app.meetings import answers
from app.meetings.answers import Deputy
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.received import rules, service
from app.meetings.received.models import ReceivedMail
from app.meetings.received.types import Outcome, Why
from app.meetings.types import Answer, MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.service import enqueue
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER
from tests.factories.delivery_reports import read_receipt, returned, returned_by_exchange
from tests.factories.mail import make_message
from tests.factories.meetings import make_invitee, make_meeting
from tests.factories.replies import (
    Said,
    apple,
    counter,
    delegated,
    google,
    out_of_office,
    outlook,
    plain,
    with_file,
)

MINUTE = timedelta(minutes=1)
PROGRAMS = pytest.mark.parametrize("program", [outlook, google, apple])


class Desk:
    """A booked discussion, one invited person of it, and the mail that comes in."""

    def __init__(self, change, state=MeetingState.BOOKED):
        self.change = change
        with change() as session:
            meeting = make_meeting(session, state)
            invitee = meeting.invitees[1]
            invitation = session.get_one(Invitation, invitee.invitation_id)
            self.invitee_id, self.meeting_id = invitee.id, meeting.id
            self.said = Said(
                uid=invitation.uid, email=invitation.email, ref=meeting.ref,
                stamp=FRIDAY - MINUTE,
            )  # fmt: skip

    def take(self, raw, at=FRIDAY):
        with self.change() as session:
            return service.take_in(session, read_mail(raw), raw, at)

    def look(self, raw, at=FRIDAY):
        """Take in a mail and give back its row."""
        taken = self.take(raw, at)
        with self.change() as session:
            return session.execute(
                select(ReceivedMail).where(ReceivedMail.ref == taken.ref)
            ).scalar_one()

    @property
    def answer(self):
        with self.change() as session:
            return session.get_one(Invitee, self.invitee_id).answer

    def set(self, **values):
        with self.change() as session:
            invitee = session.get_one(Invitee, self.invitee_id)
            for name, value in values.items():
                setattr(invitee, name, value)

    def state_of_the_world(self):
        """Everything a mail must not change but through an answer."""
        with self.change() as session:
            meeting = session.get_one(Meeting, self.meeting_id)
            return (
                [(one.id, one.email, one.answer, one.removed_at) for one in meeting.invitees],
                (meeting.starts_at, meeting.ends_at, meeting.state, meeting.place),
                session.execute(select(func.count()).select_from(Invitation)).scalar(),
                [row.state for row in session.execute(select(OutboxMessage)).scalars()],
            )

    def letter(self):
        """A letter that was sent to the invitee; its Message-ID."""
        with self.change() as session:
            row = enqueue(session, make_message(self.said.email), FRIDAY - 5 * MINUTE)
            row.state, row.content = MessageState.SENT, None
            session.add(Delivery(invitee_id=self.invitee_id, message_id=row.id,
                                 kind=MessageKind.INVITATION, at=FRIDAY))  # fmt: skip
            return row.message_id

    def state_of(self, message_id):
        with self.change() as session:
            return session.execute(
                select(OutboxMessage).where(OutboxMessage.message_id == message_id)
            ).scalar_one()


@pytest.fixture
def desk(change):
    return Desk(change)


@PROGRAMS
@pytest.mark.parametrize(
    ("partstat", "answer"),
    [("ACCEPTED", Answer.DIAL_IN), ("TENTATIVE", Answer.TENTATIVE), ("DECLINED", Answer.DECLINED)],
)
def test_an_answer_by_calendar_stands_with_the_invitee(desk, program, partstat, answer):
    taken = desk.take(program(desk.said.but(partstat=partstat, words="Ring me first")))
    assert taken.outcome is Outcome.NOTED
    with desk.change() as session:
        invitee = session.get_one(Invitee, desk.invitee_id)
        assert (invitee.answer, invitee.answer_note) == (answer, "Ring me first")
        assert invitee.answered_at == FRIDAY - MINUTE
        noted = session.execute(
            select(AuditEntry).where(AuditEntry.action == "invitation answered")
        ).scalar_one()
        assert "(by calendar)" in noted.actor_label and noted.at == FRIDAY
        row = session.execute(select(ReceivedMail)).scalar_one()
        assert row.original is None and row.invitee_id == desk.invitee_id


@PROGRAMS
def test_sentences_that_a_program_writes_are_no_note(desk, program):
    desk.take(program(desk.said))
    with desk.change() as session:
        assert session.get_one(Invitee, desk.invitee_id).answer_note is None


def test_nothing_is_taken_in_twice(desk):
    raw = outlook(desk.said.but(message_id="<same@police.example>"))
    first = desk.take(raw)
    desk.set(answer=Answer.DECLINED)
    again = desk.take(raw.replace(b"Received: from", b"X-Other-Way: to"), FRIDAY + MINUTE)
    assert (again.ref, again.before) == (first.ref, True)
    assert desk.answer is Answer.DECLINED
    with desk.change() as session:
        assert session.execute(select(func.count()).select_from(ReceivedMail)).scalar() == 1


def test_a_message_id_used_by_somebody_else_keeps_nobody_out(desk):
    one = "<same@police.example>"
    desk.take(plain(desk.said.but(message_id=one, sender="rogue@elsewhere.example")))
    assert desk.take(outlook(desk.said.but(message_id=one))).outcome is Outcome.NOTED


def test_mail_without_a_message_id_is_known_by_its_bytes(desk):
    raw = plain(desk.said).replace(b"Message-ID:", b"X-Was:")
    assert not desk.take(raw).before
    assert desk.take(raw).before
    assert not desk.take(raw + b"More\r\n").before


# RFC 5546: order


def test_answers_that_arrive_in_the_wrong_order(desk):
    last = outlook(desk.said.but(partstat="DECLINED", stamp=FRIDAY - MINUTE))
    first = outlook(desk.said.but(partstat="ACCEPTED", stamp=FRIDAY - 3 * MINUTE))
    assert desk.take(last).outcome is Outcome.NOTED
    assert desk.take(first).outcome is Outcome.OVERTAKEN
    assert desk.answer is Answer.DECLINED


def test_two_answers_read_in_the_same_minute_keep_their_own_order(desk):
    for given, stamp in (("ACCEPTED", FRIDAY - 2 * MINUTE), ("DECLINED", FRIDAY - MINUTE)):
        desk.take(outlook(desk.said.but(partstat=given, stamp=stamp)), FRIDAY + MINUTE)
    assert desk.answer is Answer.DECLINED


def test_what_was_told_later_by_telephone_stands(desk):
    desk.set(answer=Answer.REPORT, answered_at=FRIDAY)
    raw = outlook(desk.said.but(partstat="ACCEPTED", stamp=FRIDAY - 10 * MINUTE))
    assert desk.take(raw).outcome is Outcome.OVERTAKEN
    assert desk.answer is Answer.REPORT


def test_an_answer_to_an_older_sequence_is_shown_and_not_counted(desk):
    with desk.change() as session:
        invitee = session.get_one(Invitee, desk.invitee_id)
        session.get_one(Invitation, invitee.invitation_id).sequence = 2
    row = desk.look(outlook(desk.said.but(sequence=1)))
    assert (row.outcome, row.invitee_id, row.answer) == (
        Outcome.OLDER, desk.invitee_id, Answer.DIAL_IN,
    )  # fmt: skip
    assert desk.answer is Answer.NONE


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sender": "a.okafor@police.example"}, Why.OTHER_SENDER),
        ({"email": "sam.reed@police.example"}, Why.OTHER_PERSON),
        ({"uid": "4f1f8f0e-0000-4000-8000-000000000000"}, Why.NOT_ON_FILE),
        ({"partstat": "NEEDS-ACTION"}, Why.NO_ANSWER),
        ({"partstat": "X-PERHAPS"}, Why.NO_ANSWER),
        ({"sequence": 9}, Why.OTHER_VERSION),
    ],
)
def test_what_is_not_plainly_theirs_goes_to_a_person_with_the_original(desk, changes, why):
    before = desk.state_of_the_world()
    raw = outlook(desk.said.but(**changes))
    row = desk.look(raw)
    assert (row.outcome, row.why, row.original) == (Outcome.LOOK, why, raw)
    assert desk.state_of_the_world() == before


def test_somebody_removed_and_somebody_replaced(desk):
    desk.set(removed_at=FRIDAY)
    assert desk.look(outlook(desk.said)).why is Why.NO_LONGER_INVITED
    desk.set(removed_at=None)
    with desk.change() as session:
        invitee = session.get_one(Invitee, desk.invitee_id)
        deputy = Deputy("Sam Reed", "sam.reed@police.example")
        answers.name_deputy(session, invitee, deputy, SENDER, service.SYSTEM, FRIDAY)
    assert desk.look(outlook(desk.said.but(sequence=1))).why is Why.NO_LONGER_INVITED
    assert desk.answer is Answer.DEPUTY


def test_answers_to_a_cancelled_meeting(change):
    desk = Desk(change, MeetingState.CANCELLED)
    assert desk.look(outlook(desk.said)).why is Why.OVER
    assert desk.take(outlook(desk.said.but(partstat="DECLINED"))).outcome is Outcome.NO_EFFECT
    assert desk.answer is Answer.NONE


def test_another_time_is_shown_and_moves_nothing(desk):
    proposed = FRIDAY + timedelta(days=3)
    starts = desk.state_of_the_world()[1]
    row = desk.look(counter(desk.said.but(partstat="TENTATIVE"), proposed))
    assert (row.why, row.proposed_start) == (Why.COUNTER, proposed)
    assert desk.answer is Answer.TENTATIVE
    assert desk.state_of_the_world()[1] == starts


def test_a_colleague_named_by_calendar_is_never_added(desk):
    before = desk.state_of_the_world()
    assert desk.look(delegated(desk.said)).why is Why.DELEGATED
    assert desk.state_of_the_world() == before


@pytest.mark.parametrize("report", [returned, returned_by_exchange])
def test_a_returned_message_is_marked_as_returned(desk, report):
    ours = desk.letter()
    taken = desk.take(report(ours, desk.said.email))
    row = desk.state_of(ours)
    assert (taken.outcome, row.state) == (Outcome.RETURNED, MessageState.BOUNCED)
    assert row.problem and row.seen_at is None and "@" not in row.problem
    again = desk.take(report(ours, desk.said.email))
    assert again.outcome is Outcome.NO_EFFECT and not again.before


def test_other_reports_change_nothing(desk):
    ours = desk.letter()
    assert desk.look(returned("<else@example.org>", "x@y.example")).why is Why.RETURNED_UNKNOWN
    delayed = desk.look(returned(ours, desk.said.email, action="delayed", status="4.4.1"))
    assert (delayed.why, delayed.invitee_id) == (Why.DELAYED, desk.invitee_id)
    assert desk.take(returned(ours, desk.said.email, action="relayed")).outcome is (
        Outcome.NO_EFFECT
    )
    assert desk.take(read_receipt(desk.said)).outcome is Outcome.NO_EFFECT
    assert desk.state_of(ours).state is MessageState.SENT


def test_out_of_office_matters_while_the_answer_is_awaited(desk):
    ours = desk.letter()
    row = desk.look(out_of_office(desk.said, ours))
    assert (row.why, row.invitee_id) == (Why.AWAY, desk.invitee_id)
    desk.set(answer=Answer.DIAL_IN)
    assert desk.take(out_of_office(desk.said, ours)).outcome is Outcome.AWAY
    assert desk.answer is Answer.DIAL_IN


@PROGRAMS
def test_a_file_sent_with_an_answer_goes_to_a_person(desk, program):
    """The answer stands, and the report in it is not lost (D5)."""
    row = desk.look(with_file(program(desk.said)))
    assert (row.outcome, row.why) == (Outcome.LOOK, Why.WRITTEN)
    assert row.original is not None and row.invitee_id == desk.invitee_id
    assert desk.answer is Answer.DIAL_IN


def test_words_and_files_sent_as_if_by_a_program_go_to_a_person(desk):
    """What a gateway marks as bulk somebody may have written."""
    ours = desk.letter()
    desk.set(answer=Answer.ATTEND)
    bulk = plain(desk.said, extra=f"Precedence: bulk\nIn-Reply-To: {ours}\n")
    assert desk.look(bulk).why is Why.WRITTEN
    row = desk.look(with_file(out_of_office(desk.said, ours)))
    assert (row.outcome, row.original is not None) == (Outcome.LOOK, True)
    logo = with_file(
        out_of_office(desk.said.but(message_id=""), ours), "logo.png", "image/png",
        "Content-ID: <logo>\r\nContent-Disposition: inline",
    )  # fmt: skip
    assert desk.take(logo).outcome is Outcome.AWAY


@pytest.mark.parametrize("automatic", [True, False])
def test_mail_of_somebody_removed_and_asked_again_is_of_who_they_are_now(desk, automatic):
    with desk.change() as session:
        before = session.get_one(Invitee, desk.invitee_id)
        before.removed_at, before.removed_reason = FRIDAY, "By mistake"
        session.flush()
        person = session.get_one(Professional, before.professional_id)
        now = make_invitee(session, before.meeting, person=person)
        again = make_invitee(session, before.meeting)  # and a row after it of somebody else
        again.email = "somebody.else@health.example"
        now_id = now.id
    typed = plain(desk.said, subject=f"RE: Invitation {desk.said.ref}")
    row = desk.look(out_of_office(desk.said) if automatic else typed)
    assert row.invitee_id == now_id


def test_words_of_an_invitee_are_laid_before_a_person(desk):
    ours = desk.letter()
    row = desk.look(plain(desk.said, extra=f"In-Reply-To: {ours}\n"))
    assert (row.why, row.invitee_id, row.words) == (Why.WRITTEN, desk.invitee_id, "I can come.")
    by_reference = desk.look(plain(desk.said, subject=f"RE: Invitation {desk.said.ref}"))
    assert by_reference.invitee_id == desk.invitee_id
    stranger = desk.said.but(sender="somebody@elsewhere.example")
    assert desk.look(plain(stranger, subject=f"RE: {desk.said.ref}")).invitee_id is None
    assert desk.answer is Answer.NONE


def test_content_is_emptied_when_it_was_kept_long_enough(desk):
    with desk.change() as session:
        staff = service.Actor(service.ActorKind.STAFF, None, "desk")
        taken = service.take_in(session, read_mail(plain(desk.said)), plain(desk.said), FRIDAY)
        service.close(session, staff, taken.ref, "Telephoned", FRIDAY)
    open_one = desk.take(plain(desk.said))
    desk.take(outlook(desk.said))
    later = FRIDAY + rules.ORIGINAL_KEPT
    with desk.change() as session:
        assert service.forget(session, later) == 0
        assert service.forget(session, later + MINUTE) == 2
        assert service.forget(session, later + MINUTE) == 0
        for row in session.execute(select(ReceivedMail)).scalars():
            kept = row.ref == open_one.ref
            assert (row.original is not None, row.sender is not None) == (kept, kept)
