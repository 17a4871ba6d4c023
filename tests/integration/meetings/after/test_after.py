"""From what a discussion decided to the end of the case, on both databases (F8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.after import service
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, EnquiryOutcome, Noted, Step
from app.meetings.discussion import service as discussion
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.types import MeetingState
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.referrals.sender import Sender
from tests.clock import FRIDAY
from tests.factories.meetings import make_meeting
from tests.factories.records import make_ended, sign_as_chair, write
from tests.page_form import form_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
CHAIR = Actor(ActorKind.STAFF, 1, "Chair")
START = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday


def decide(session, meeting, **answers):
    for child in meeting.children:
        for field, value in answers.items():
            write(session, meeting, f"child:{child.child_id}", field, value)


@pytest.fixture
def case(in_app):
    """A discussion of one child that has just ended: a conference is required."""
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.UNDER_WAY, children=1, start=START)
        decide(session, meeting, section_47="started", conference="required", assessment="20",
               quality_told="Tuesday 24 November 2026 at 10:20 am")  # fmt: skip
        chair = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
        discussion.end(session, chair, meeting, SENDER, START + HOUR)
        return meeting.ref, meeting.children[0].child_id, chair


def row():
    return reading().execute(select(ChildAfter)).scalar_one()


def note(case, step, at, choice="", reason="", version=None, when=None):
    ref, child_id, chair = case
    with transaction() as session:
        service.note(
            session, chair, meeting_for_change(session, ref), child_id, step,
            Noted(at, choice, reason), version or row().version, when or at,
        )  # fmt: skip
    return row()


def test_the_clocks_run_from_the_end_of_the_discussion_by_its_protocol(case):
    found = row()
    assert found.icpc_referral_due_at == START + 25 * HOUR  # BROMLEY 2: 24 hours
    # 15 working days after the day of the discussion.
    assert found.icpc_due_at == datetime(2026, 12, 15, 23, 59, 59, tzinfo=UTC)
    # 20 working days agreed for this child, from Friday 20 November.
    assert found.assessment_due_at == datetime(2026, 12, 18, 23, 59, 59, tzinfo=UTC)
    kept = restore(found.clocks).clocks
    assert kept[Clock.ICPC_HELD].rule == "icpc-15wd"
    assert kept[Clock.ICPC_REFERRAL].source == "BROMLEY 2"
    # 45 working days over Christmas and the New Year.
    assert kept[Clock.ASSESSMENT].due_at == datetime(2027, 1, 27, 23, 59, 59, tzinfo=UTC)
    assert (found.next_step, found.next_due_at) == (Step.REFERRAL, START + 25 * HOUR)


def test_step_by_step_to_the_end(case):
    assert note(case, Step.REFERRAL, START + 3 * HOUR).next_step is Step.BOOKING
    date = datetime(2026, 12, 10, 10, tzinfo=UTC)
    assert note(case, Step.BOOKING, date, when=START + 4 * HOUR).next_step is Step.HELD
    found = note(case, Step.HELD, date, "plan")
    assert found.next_step is Step.ENQUIRY
    found = note(case, Step.ENQUIRY, date, "continuing_risk", "As the conference found.")
    assert found.next_step is Step.ASSESSMENT
    found = note(case, Step.ASSESSMENT, date + 5 * DAY)
    assert (found.next_step, found.next_due_at) == (None, None)


def test_a_child_at_continuing_risk_requires_a_conference_from_that_moment(in_app):
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        decide(session, meeting, section_47="started", conference="not_likely")
        service.follow(session, CHAIR, meeting, START + HOUR)
        case = meeting.ref, meeting.children[0].child_id, CHAIR
    moment = START + 5 * DAY
    found = note(case, Step.ENQUIRY, moment, "continuing_risk", "Seen on two visits.")
    assert found.conference is Conference.REQUIRED
    assert found.icpc_referral_due_at == moment + 24 * HOUR
    # The conference is counted from the discussion all the same.
    assert found.icpc_due_at == datetime(2026, 12, 15, 23, 59, 59, tzinfo=UTC)
    assert found.enquiry_outcome is EnquiryOutcome.CONTINUING_RISK


def test_two_people_do_not_overwrite_each_other(case):
    old = row().version
    note(case, Step.REFERRAL, START + 3 * HOUR)
    with pytest.raises(Refused, match="meanwhile"):
        note(case, Step.REFERRAL, START + 4 * HOUR, version=old)


def test_an_answer_put_right_after_the_end_counts_and_what_was_noted_stays(case):
    ref, child_id, chair = case
    note(case, Step.REFERRAL, START + 3 * HOUR)
    with transaction() as session:
        meeting = meeting_for_change(session, ref)
        discussion.save_field(
            session,
            chair,
            meeting,
            f"child:{child_id}",
            "conference",
            "likely",
            1,
            START + 2 * HOUR,
        )
    found = row()
    assert (found.conference, found.icpc_referral_due_at) == (Conference.LIKELY, None)
    assert found.icpc_referred_at == START + 3 * HOUR


def test_a_siblings_answers_taken_over_after_the_end_count(in_app):
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.UNDER_WAY, children=2, start=START)
        one, two = (child.child_id for child in meeting.children)
        write(session, meeting, f"child:{one}", "conference", "required")
        chair = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
        discussion.end(session, chair, meeting, SENDER, START + HOUR)
        discussion.copy_answers(session, chair, meeting, one, two, START + 2 * HOUR)
        found = session.execute(select(ChildAfter.conference).order_by(ChildAfter.id)).scalars()
        assert list(found) == [Conference.REQUIRED, Conference.REQUIRED]


def test_what_was_decided_later_is_not_undone_by_the_signature(in_app):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        meeting = make_ended(session, children=1, start=START)
        service.follow(session, CHAIR, meeting, START + HOUR)
        child_id = meeting.children[0].child_id
        case = meeting.ref, child_id, Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
    note(case, Step.CONFERENCE, START + 2 * HOUR, "required", "New injuries were found.")
    with transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        sign_as_chair(session, settings, meeting, START + 3 * HOUR)
    assert row().conference is Conference.REQUIRED


def test_a_discussion_that_continues_an_enquiry_keeps_its_start(in_app):
    with transaction() as session:
        first = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        decide(session, first, section_47="started")
        service.follow(session, CHAIR, first, START + HOUR)
        later = make_meeting(
            session, MeetingState.ENDED, children=1, start=START + 7 * DAY, chair=None
        )
        later.children[0].child_id = first.children[0].child_id
        session.flush()
        decide(session, later, section_47="continued", conference="required")
        service.follow(session, CHAIR, later, START + HOUR)
        found = session.execute(
            select(ChildAfter).where(ChildAfter.meeting_id == later.id)
        ).scalar_one()
        assert found.section47_started_at == START
        assert found.icpc_due_at == datetime(2026, 12, 15, 23, 59, 59, tzinfo=UTC)


def test_the_page_tells_all_of_it_and_a_step_is_noted_there(app, change, signed_in):
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, children=2, start=now() - 3 * HOUR)
        decide(session, meeting, section_47="started", conference="required", assessment="45")
        service.follow(session, CHAIR, meeting, START + HOUR)
        ref = meeting.ref
    browser = signed_in(Role.ADMINISTRATOR)
    front = browser.get("/").get_data(as_text=True)
    assert front.count("Tell the quality service that a conference is likely") == 1
    page = browser.get(f"/discussions/{ref}/after").get_data(as_text=True)
    for words in ("icpc-referral-24h", "icpc-15wd", "assessment-45wd", "What happened"):
        assert words in page
    path = page.split('/referral">')[0].rpartition('href="')[2] + "/referral"
    typed = form_of(browser.get(path).get_data(as_text=True), path)
    refused = browser.post(path, data=typed | {"at-day": "x"})
    assert refused.status_code == 422 and b'value="x"' in refused.data
    assert browser.post(path, data=typed).status_code == 303
    assert browser.post(path, data=typed).status_code == 303  # sent twice, noted once
    assert "Referred " in browser.get(f"/discussions/{ref}/after").get_data(as_text=True)
    # What is missing is named at once, and the choice with the date.
    other = path.replace("/referral", "/enquiry")
    empty = form_of(browser.get(other).get_data(as_text=True), other) | {"at-day": ""}
    both = browser.post(other, data=empty).get_data(as_text=True)
    assert both.partition("There is a problem")[2].partition("</ul>")[0].count("<li>") == 3
    assert "Choose one of these" in both
    assert browser.get(path.replace("/referral", "/held")).status_code == 404
    assert browser.get(path.replace("/referral", "/nothing")).status_code == 404


def test_before_the_end_there_is_nothing_to_follow(app, change, signed_in):
    with change() as session:
        ref = make_meeting(session, MeetingState.BOOKED, start=FRIDAY).ref
    answer = signed_in(Role.CHAIR).get(f"/discussions/{ref}/after")
    assert (answer.status_code, answer.location) == (303, f"/discussions/{ref}")
