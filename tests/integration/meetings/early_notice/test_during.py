"""The quality service is told while people still talk, once what was said has settled (E2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.session import db, transaction
from app.directory.models import CouncilSettings
from app.meetings.after import service as after
from app.meetings.after.models import ChildAfter
from app.meetings.discussion import service as discussion
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.worker import tell_early
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.factories.meetings import make_meeting
from tests.factories.records import write
from tests.integration.meetings.early_notice.test_early_notice import MAILBOX, SENDER, letters

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PREPARED = {"section_47": "started"}


class Running:
    """A discussion of two siblings that is under way, and the worker's turns."""

    def __init__(self, app, *, mailbox: str = MAILBOX, prepared: dict[str, str] = PREPARED):
        self.settings = app.extensions["settings"]
        self.began = now() - timedelta(hours=1)
        with transaction() as session:
            meeting = make_meeting(session, MeetingState.BOOKED, children=2, start=self.began)
            session.get_one(CouncilSettings, 1).quality_email = mailbox
            self.children = [one.child_id for one in meeting.children]
            self.chair = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
            self.id, self.ref = meeting.id, meeting.ref
        for field, value in prepared.items():
            self.say(value, self.began - MINUTE, field=field)
        with transaction() as session:
            discussion.start(session, self.chair, meeting_for_change(session, self.ref), self.began)
        db.session.remove()

    def say(self, value: str, moment, *children: int, field: str = "conference") -> None:
        with transaction() as session:
            meeting = meeting_for_change(session, self.ref)
            for child in children or self.children:
                scope = f"child:{child}"
                there = discussion.queries.entry_to_change(session, meeting, scope, field)
                discussion.save_field(
                    session, self.chair, meeting, scope, field, value,
                    there.version if there else 0, moment,
                )  # fmt: skip
        db.session.remove()

    def end(self, moment) -> None:
        with transaction() as session:
            meeting = meeting_for_change(session, self.ref)
            discussion.end(session, self.chair, meeting, SENDER, moment)
        db.session.remove()

    def run(self, moment) -> int:
        told = tell_early(self.settings, moment)
        db.session.remove()
        return told


@pytest.fixture
def running(in_app):
    return Running(in_app)


def test_they_are_told_at_once_and_once_and_the_end_tells_nothing_again(running):
    said = running.began + 10 * MINUTE
    running.say("likely", said)
    assert running.run(said + MINUTE) == 0  # it has not settled
    assert running.run(said + 2 * MINUTE) == 1
    assert running.run(said + 2 * MINUTE + SECOND) == 0
    [(to, subject, text)] = letters()
    assert (to, subject) == (MAILBOX, f"Early notice: multi-agency meeting {running.ref}")
    assert "likely to be needed for 2 children" in text and "has to be held by" in text
    with transaction() as session:
        told = select(AuditEntry).where(AuditEntry.action == "told the quality service early")
        assert len(session.execute(told).all()) == 1
    running.end(said + 30 * MINUTE)
    assert running.run(said + 31 * MINUTE) == 0
    with transaction() as session:
        rows = session.execute(select(ChildAfter)).scalars().all()
        assert [one.quality_told_at for one in rows] == [said + 2 * MINUTE] * 2
        assert not any(one.notice_due_at for one in rows)
    assert len(letters()) == 1


def test_a_slip_of_the_finger_is_told_to_nobody_and_a_change_of_mind_is(running):
    said = running.began + 10 * MINUTE
    running.say("likely", said)
    running.say("not_likely", said + MINUTE)
    assert running.run(said + 5 * MINUTE) == 0
    one, other = running.children
    running.say("likely", said + 6 * MINUTE, one)
    running.say("likely", said + 7 * MINUTE, other)
    assert running.run(said + 8 * MINUTE) == 0  # the sibling was decided a moment ago
    assert running.run(said + 9 * MINUTE) == 1
    running.say("required", said + 10 * MINUTE, one)
    running.say("not_likely", said + 10 * MINUTE, other)
    assert running.run(said + 12 * MINUTE) == 2
    running.say("likely", said + 13 * MINUTE, other)
    running.end(said + 13 * MINUTE + SECOND)  # the end waits for nothing
    assert running.run(said + 13 * MINUTE + SECOND) == 1
    subjects = [subject.partition(":")[0] for _, subject, _ in letters()]
    assert subjects[0] == "Early notice"
    assert sorted(subjects[1:3]) == ["Early notice changed", "Early notice withdrawn"]
    assert subjects[3] == "Early notice changed"


def test_a_second_child_some_time_later_is_told_beside_the_first(running):
    said = running.began + 10 * MINUTE
    one, other = running.children
    running.say("likely", said, one)
    assert running.run(said + 2 * MINUTE) == 1
    running.say("likely", said + 10 * MINUTE, other)
    assert running.run(said + 12 * MINUTE) == 1
    first, second = letters()
    assert "beside what we wrote before" not in first[2]
    assert "for one child" in second[2] and "beside what we wrote before" in second[2]


def test_what_was_prepared_is_told_when_the_discussion_ends(in_app):
    prepared = Running(in_app, prepared=PREPARED | {"conference": "likely"})
    ended = prepared.began + 40 * MINUTE
    assert prepared.run(ended) == 0
    prepared.end(ended)
    assert prepared.run(ended) == 1


def test_whoever_was_told_on_the_telephone_or_has_no_mailbox_gets_no_letter(in_app):
    told = Running(in_app, prepared=PREPARED | {"quality_told": "today 9:10 am"})
    nobody = Running(in_app, mailbox="")
    for one in (told, nobody):
        one.say("likely", one.began + MINUTE)
    with transaction() as session:
        session.get_one(CouncilSettings, 1).quality_email = ""
    db.session.remove()
    assert nobody.run(nobody.began + 9 * MINUTE) == 0
    with transaction() as session:
        session.get_one(CouncilSettings, 1).quality_email = MAILBOX
        session.get_one(Meeting, nobody.id).state = MeetingState.NEEDED
    db.session.remove()
    assert told.run(told.began + 9 * MINUTE) == 0
    assert letters() == []


def earlier(running, conference: str) -> str:
    """A discussion that began the enquiry into the first child, and told of its conference."""
    with transaction() as session:
        before = make_meeting(
            session, MeetingState.ENDED, children=1, start=running.began - timedelta(days=2)
        )
        before.children[0].child_id = running.children[0]
        session.flush()
        scope = f"child:{running.children[0]}"
        write(session, before, scope, "section_47", "started")
        write(session, before, scope, "conference", conference)
        after.follow(session, running.chair, before, before.ended_at)
        ref = before.ref
    db.session.remove()
    assert running.run(running.began - timedelta(days=1)) == 1
    return ref


def test_an_enquiry_that_goes_on_is_told_under_its_first_reference(in_app):
    running = Running(in_app, prepared={"section_47": "continued"})
    ref, one = earlier(running, "likely"), running.children[0]
    said = running.began + 10 * MINUTE
    running.say("likely", said, one)
    assert running.run(said + 2 * MINUTE) == 0  # they know
    running.say("required", said + 3 * MINUTE, one)
    assert running.run(said + 5 * MINUTE) == 1
    *_, (_, subject, text) = letters()
    assert subject == f"Early notice changed: multi-agency meeting {ref}"
    assert "is required for one child" in text and "has to be held by" in text
    running.end(said + 20 * MINUTE)
    assert running.run(said + 30 * MINUTE) == 0


def test_what_was_required_stays_so_in_the_next_discussion(in_app):
    running = Running(in_app, prepared={"section_47": "continued"})
    earlier(running, "required")
    running.say("likely", running.began + MINUTE, running.children[0])
    assert running.run(running.began + 5 * MINUTE) == 0


def test_one_that_cannot_be_told_holds_up_nobody(in_app):
    faulty, well = Running(in_app), Running(in_app)
    for one in (faulty, well):
        one.say("likely", one.began + MINUTE)
    with transaction() as session:
        meeting = session.get_one(Meeting, faulty.id)
        kept, meeting.clocks = meeting.clocks, meeting.clocks | {"format": 99}
    db.session.remove()
    later = well.began + 9 * MINUTE
    assert well.run(later) == 1
    with pytest.raises(ValueError, match="format 99"):
        faulty.run(later)
    db.session.remove()
    with transaction() as session:
        session.get_one(Meeting, faulty.id).clocks = kept
    db.session.remove()
    assert faulty.run(later) == 1


def test_the_chairs_page_says_what_they_were_told(running, signed_in):
    browser = signed_in(Role.CHAIR)
    page = f"/discussions/{running.ref}/hold"
    assert "was told by mail" not in browser.get(page).text
    said = running.began + 10 * MINUTE
    running.say("likely", said)
    running.run(said + 2 * MINUTE)
    assert browser.get(page).text.count("that a conference is likely.") == 2
    told = browser.get(f"{page}/changes").json["told"]
    assert set(told) == {f"child:{one}" for one in running.children}
    with transaction() as session:
        assert session.execute(select(EarlyNotice)).all()
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.kind == "early_notice")
            .values(state=MessageState.BOUNCED)
        )
    db.session.remove()
    assert "It did not arrive: tell them on the telephone." in browser.get(page).text
