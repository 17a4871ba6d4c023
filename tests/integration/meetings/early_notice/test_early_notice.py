"""The quality service is told by mail when a conference is likely, and when that changes (F8)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select, update

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.session import db, transaction
from app.directory.models import CouncilSettings
from app.meetings.after import service as after
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Noted, Step
from app.meetings.discussion import service as discussion
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.early_notice.worker import tell_early
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.restricted.models import CaseRestriction
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import Child
from app.referrals.sender import Sender
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_meeting
from tests.factories.records import write
from tests.integration.reports.first_page import line_of

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
MAILBOX = "conferences@council.example"


class Case:
    """A discussion of two siblings that has just ended, and the worker's turns."""

    def __init__(self, app, conference: str | None, *, mailbox: str = MAILBOX, **answers: str):
        self.settings = app.extensions["settings"]
        self.ended = now() - 2 * HOUR
        with transaction() as session:
            meeting = make_meeting(
                session, MeetingState.UNDER_WAY, children=2, start=self.ended - HOUR
            )
            session.get_one(CouncilSettings, 1).quality_email = mailbox
            self.children = [one.child_id for one in meeting.children]
            said = {"section_47": "started"} | ({"conference": conference} if conference else {})
            for child in self.children:
                for field, value in (said | answers).items():
                    write(session, meeting, f"child:{child}", field, value)
            self.chair = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
            discussion.end(session, self.chair, meeting, SENDER, self.ended)
            self.id, self.ref = meeting.id, meeting.ref

    def run(self, moment) -> int:
        told = tell_early(self.settings, moment)
        db.session.remove()
        return told

    def change(self, value: str, moment, *children: int) -> None:
        with transaction() as session:
            meeting = meeting_for_change(session, self.ref)
            for child in children or self.children:
                entry = f"child:{child}"
                version = discussion.queries.entry_to_change(
                    session, meeting, entry, "conference"
                ).version
                discussion.save_field(
                    session, self.chair, meeting, entry, "conference", value, version, moment
                )
        db.session.remove()


@pytest.fixture
def likely(in_app):
    return Case(in_app, "likely")


def letters() -> list[tuple[str, str, str]]:
    """Recipient, subject and text of each letter to the quality service, in order."""
    with transaction() as session:
        rows = session.execute(
            select(OutboxMessage)
            .where(OutboxMessage.kind == "early_notice")
            .order_by(OutboxMessage.id)
        ).scalars()
        found = []
        for row in rows:
            message = message_from_bytes(row.content, policy=policy.default)
            body = message.get_body(("plain",))
            assert body is not None
            text = " ".join(body.get_content().split())
            found.append((row.recipient, str(message["Subject"]), text))
    db.session.remove()
    return found


def test_one_letter_tells_of_all_children_as_the_discussion_ends(likely):
    assert likely.run(likely.ended) == 1
    assert likely.run(likely.ended + HOUR) == 0
    [(to, subject, text)] = letters()
    assert (to, subject) == (MAILBOX, f"Early notice: multi-agency meeting {likely.ref}")
    assert "likely to be needed for 2 children" in text and "has to be held by" in text
    with transaction() as session:
        rows = session.execute(select(ChildAfter)).scalars().all()
        assert [one.quality_told_at for one in rows] == [likely.ended, likely.ended]
        assert [one.next_step for one in rows] == [Step.CONFERENCE, Step.CONFERENCE]


def test_an_answer_that_is_put_right_is_told_once_it_has_settled(likely):
    likely.run(likely.ended)
    one = likely.children[0]
    likely.change("not_likely", likely.ended + HOUR, one)
    assert likely.run(likely.ended + HOUR + MINUTE) == 0
    likely.change("likely", likely.ended + HOUR + 2 * MINUTE, one)
    assert likely.run(likely.ended + HOUR + 9 * MINUTE) == 0  # nothing has changed in the end
    likely.change("required", likely.ended + HOUR + 10 * MINUTE)
    assert likely.run(likely.ended + HOUR + 15 * MINUTE) == 1
    likely.change("not_likely", likely.ended + HOUR + 20 * MINUTE, one)
    assert likely.run(likely.ended + HOUR + 25 * MINUTE) == 1
    _, changed, off = letters()
    assert changed[1].startswith("Early notice changed: ")
    assert "is required for 2 children" in changed[2]
    assert off[1] == f"Early notice withdrawn: multi-agency meeting {likely.ref}"
    assert "not expected any more, for one child" in off[2]


def test_whoever_was_told_on_the_telephone_or_has_no_mailbox_gets_no_letter(in_app):
    told = Case(in_app, "likely", quality_told="today 9:10 am")
    assert told.run(told.ended) == 0
    nobody = Case(in_app, "required", mailbox="")
    assert nobody.run(nobody.ended) == 0
    unlikely = Case(in_app, "not_likely")
    assert unlikely.run(unlikely.ended) == 0
    assert letters() == []


def test_a_later_discussion_about_the_enquiry_writes_under_the_first_reference(likely):
    likely.run(likely.ended)
    with transaction() as session:
        later = make_meeting(
            session, MeetingState.ENDED, children=1, start=likely.ended + MINUTE, chair=None
        )
        later.children[0].child_id = likely.children[0]
        session.flush()
        entry = f"child:{likely.children[0]}"
        write(session, later, entry, "section_47", "continued")
        write(session, later, entry, "conference", "likely")
        after.follow(session, likely.chair, later, likely.ended + HOUR)
        later_id, ended = later.id, later.ended_at
    db.session.remove()
    assert likely.run(likely.ended + 2 * HOUR) == 0  # they know of this child
    with transaction() as session:
        meeting = session.get_one(Meeting, later_id)
        row = session.execute(
            select(ChildAfter).where(ChildAfter.meeting_id == later_id)
        ).scalar_one()
        noted = Noted(ended + MINUTE, "not_needed", "Nothing was found.")
        after.note(
            session, likely.chair, meeting, likely.children[0], Step.CONFERENCE, noted,
            row.version, ended + HOUR,
        )  # fmt: skip
    db.session.remove()
    assert likely.run(ended + 2 * HOUR) == 1
    assert letters()[-1][1] == f"Early notice withdrawn: multi-agency meeting {likely.ref}"
    with transaction() as session:
        notices = session.execute(select(EarlyNotice).order_by(EarlyNotice.id)).scalars().all()
        assert [one.reference for one in notices] == [likely.ref] * 3


def test_one_that_cannot_be_told_holds_up_nobody_and_the_system_administrator_sees_it(
    in_app, signed_in
):
    faulty, well = Case(in_app, "likely"), Case(in_app, "required")
    with transaction() as session:
        rows = session.execute(select(ChildAfter).where(ChildAfter.meeting_id == faulty.id))
        row = rows.scalars().first()
        kept, row.clocks = row.clocks, row.clocks | {"format": 99}
        first, row_id = row.notice_due_at, row.id
    db.session.remove()
    later = first + HOUR
    assert well.run(later) == 1
    assert [well.ref in subject for _, subject, _ in letters()] == [True]
    with pytest.raises(ValueError, match="format 99"):
        faulty.run(later)  # tried again, and the job is seen as failed
    db.session.remove()
    assert "The quality service is not told" in signed_in(Role.SYSTEM).get("/").text
    with transaction() as session:
        session.get_one(ChildAfter, row_id).clocks = kept
    db.session.remove()
    assert faulty.run(later) == 1
    assert "The quality service is not told" not in signed_in(Role.SYSTEM).get("/").text


def test_what_a_letter_is_about_to_tell_is_planned_on_the_first_page(app, in_app, signed_in):
    """G1: not late, while nobody has to do anything."""
    Case(app, "likely")
    browser = signed_in(Role.ADMINISTRATOR)
    assert "Late" in line_of(browser.get("/").text, Step.QUALITY.label)
    with transaction() as session:
        session.execute(update(ChildAfter).values(notice_due_at=now() + MINUTE))
    line = line_of(browser.get("/").text, Step.QUALITY.label)
    assert "Planned, by mail" in line and "late" not in line.lower()
    with transaction() as session:
        first = session.execute(select(ChildAfter.id).order_by(ChildAfter.id)).scalars().first()
        one = update(ChildAfter).where(ChildAfter.id == first)
        session.execute(one.values(notice_due_at=None))
    # Of one of the two children somebody has to tell them.
    assert "Late" in line_of(browser.get("/").text, Step.QUALITY.label)


def test_the_page_says_what_became_of_it(app, in_app, signed_in):
    case = Case(in_app, "likely")
    browser = signed_in(Role.ADMINISTRATOR)
    page = browser.get(f"/discussions/{case.ref}/after").text
    assert "Planned" in page and "The quality service is told by mail" in page
    # The letter was due two hours ago, and no worker made it.
    assert "Planned, by mail" not in page and "Late</strong>" in page
    with transaction() as session:
        session.execute(update(ChildAfter).values(notice_due_at=now() - HOUR / 30))
    page = browser.get(f"/discussions/{case.ref}/after").text
    assert "Planned, by mail" in page and "Late</strong>" not in page
    case.run(now())
    page = browser.get(f"/discussions/{case.ref}/after").text
    assert "That a conference is likely" in page and "Not sent yet" in page
    with transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.kind == "early_notice")
            .values(state=MessageState.BOUNCED)
        )
    db.session.remove()
    page = browser.get(f"/discussions/{case.ref}/after").text
    assert "It did not arrive: tell them on the telephone" in page
    assert MAILBOX in signed_in(Role.ADMINISTRATOR).get("/council").text


LOST = "The early notice to the quality service did not arrive: tell them on the telephone"


def test_one_that_did_not_arrive_stands_on_the_first_page_until_they_are_told(likely, signed_in):
    likely.run(likely.ended)
    desk = signed_in(Role.ADMINISTRATOR)
    line = f'href="/discussions/{likely.ref}/after">{LOST}'
    assert LOST not in desk.get("/").text
    with transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.kind == "early_notice")
            .values(state=MessageState.BOUNCED)
        )
    db.session.remove()
    assert desk.get("/").text.count(line) == 1  # two children, one letter
    for child, waits in zip(likely.children, (1, 0), strict=True):
        tell(likely, child)
        assert desk.get("/").text.count(line) == waits
    after_page = desk.get(f"/discussions/{likely.ref}/after").text
    assert "Not delivered" in after_page and "tell them on the telephone" not in after_page


def test_one_that_took_it_back_and_did_not_arrive_is_told_on_the_telephone(likely, signed_in):
    likely.run(likely.ended)
    likely.change("not_likely", likely.ended + HOUR)
    assert likely.run(likely.ended + 2 * HOUR) == 1
    with transaction() as session:
        took_back = session.execute(
            select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)
        ).scalar_one()
        took_back.state, number = MessageState.BOUNCED, took_back.id
    db.session.remove()
    desk, path = signed_in(Role.ADMINISTRATOR), f"/discussions/{likely.ref}/after"
    assert LOST in desk.get("/").text
    page = desk.get(path).text
    told = f"{path}/notices/{number}/told"
    assert page.count(f'action="{told}"') == 2  # under either child: one call tells of both
    token = desk.get("/session/token").text
    assert "It is noted" in desk.post(told, data={"csrf_token": token}, follow_redirects=True).text
    assert LOST not in desk.get("/").text
    assert told not in desk.get(path).text
    again = desk.post(told, data={"csrf_token": token}, follow_redirects=True).text
    assert "Somebody has noted that already" in again
    with transaction() as session:
        other = make_meeting(session, MeetingState.ENDED, start=now() - 3 * HOUR).ref
    db.session.remove()
    # A letter about other children is not to be seen to from here.
    with transaction() as session:
        session.get_one(OutboxMessage, number).seen_at = None
    db.session.remove()
    elsewhere = f"/discussions/{other}/after/notices/{number}/told"
    assert "Somebody has noted" in desk.post(
        elsewhere, data={"csrf_token": token}, follow_redirects=True
    ).text  # fmt: skip
    assert LOST in desk.get("/").text


def tell(case, child: int) -> None:
    """Note that the quality service was told of a child on the telephone."""
    with transaction() as session:
        meeting = meeting_for_change(session, case.ref)
        version = session.execute(
            select(ChildAfter.version).where(ChildAfter.child_id == child)
        ).scalar_one()
        noted, moment = Noted(case.ended + MINUTE, "", ""), case.ended + HOUR
        after.note(session, case.chair, meeting, child, Step.QUALITY, noted, version, moment)
    db.session.remove()


def test_a_restricted_one_that_did_not_arrive_names_nobody(likely, signed_in):
    likely.run(likely.ended)
    with transaction() as session:
        names = session.execute(select(Child.family_name).where(Child.id.in_(likely.children)))
        named = set(names.scalars())
        session.execute(update(OutboxMessage).values(state=MessageState.BOUNCED))
        keeper = make_staff(session, Role.CHAIR).id
        session.add(
            CaseRestriction(
                referral_id=session.get_one(Meeting, likely.id).referral_id, meeting_id=None,
                reason="Kin", set_by_id=keeper, set_at=likely.ended, lifted_at=None,
                lift_reason=None,
            )
        )  # fmt: skip
    db.session.remove()
    line = line_of(signed_in(Role.CHAIR).get("/").text, LOST)
    assert "Restricted" in line
    assert not any(name in line for name in named)
