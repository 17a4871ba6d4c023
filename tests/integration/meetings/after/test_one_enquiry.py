"""One section 47 enquiry over several discussions is followed, and counted, once (F8, G3)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.meetings.after import service
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome, Noted, Step
from app.meetings.discussion import service as discussion
from app.meetings.discussion.models import Entry
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.types import MeetingState
from app.protocols import registry
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.records.same_child import service as same_child
from app.referrals.models import Child
from app.referrals.same_child.models import ChildMatch
from app.reports.dataset.counting import count
from app.reports.dataset.rules import month_of
from app.reports.dataset.types import Measure
from app.reports.returns.queries import enquiries
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_meeting
from tests.factories.records import write

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
LATER = START + 7 * DAY
CHAIR = Actor(ActorKind.STAFF, 1, "Chair")
LIMIT = datetime(2026, 12, 15, 23, 59, 59, tzinfo=UTC)  # 15 working days from the first


def hold(session, start, child_id=None, **answers):
    """A discussion about one child that has ended, and what it decided."""
    meeting = make_meeting(session, MeetingState.ENDED, children=1, start=start, chair=None)
    if child_id is not None:
        meeting.children[0].child_id = child_id
        session.flush()
    for field, value in answers.items():
        write(session, meeting, f"child:{meeting.children[0].child_id}", field, value)
    service.follow(session, CHAIR, meeting, start + HOUR)
    return meeting


def rows():
    db.session.remove()
    found = reading().execute(select(ChildAfter).join(Meeting).order_by(Meeting.started_at))
    return list(found.scalars())


def note(meeting_id, step, at, choice="", reason=""):
    row = next(one for one in rows() if one.meeting_id == meeting_id)
    child_id, version = row.child_id, row.version
    db.session.remove()
    with transaction() as session:
        meeting = meeting_for_change(session, session.get_one(Meeting, meeting_id).ref)
        noted = Noted(at, choice, reason)
        service.note(session, CHAIR, meeting, child_id, step, noted, version, max(at, LATER + DAY))


@pytest.fixture
def two(in_app):
    """An enquiry that was started and continued, its conference referred for in between."""
    with transaction() as session:
        first = hold(session, START, section_47="started", conference="required", assessment="20")
        ids = first.id, first.children[0].child_id
    note(ids[0], Step.QUALITY, START + HOUR)
    note(ids[0], Step.REFERRAL, START + 3 * HOUR)
    with transaction() as session:
        later = hold(session, LATER, ids[1], section_47="continued", conference="likely")
        return ids[0], later.id


def test_the_last_discussion_carries_the_steps_with_what_was_noted_before(two):
    before, after = rows()
    assert (before.carries, before.next_step, before.next_due_at) == (False, None, None)
    assert after.carries and after.next_step is Step.BOOKING
    assert (after.section47_started_at, after.icpc_due_at) == (START, LIMIT)
    assert after.icpc_referred_at == START + 3 * HOUR
    # What was required stays required, from the first decision on (BROMLEY 2).
    assert (after.conference, after.icpc_decided_at) == (Conference.REQUIRED, START + 2 * HOUR / 3)
    # The assessment's time is that of the enquiry, not of the later discussion.
    assert after.assessment_due_at == before.assessment_due_at
    told = reading().execute(
        select(AuditEntry.details).where(AuditEntry.action == "changed what follows")
    )
    assert [one["carries"] for one in told.scalars()] == [False]


def test_the_outcome_stands_with_all_of_them_and_ends_the_enquiry(two):
    note(two[1], Step.ENQUIRY, LATER + 2 * DAY, "no_continuing_risk", "Only for its readers.")
    before, after = rows()
    assert before.enquiry_outcome is after.enquiry_outcome is EnquiryOutcome.NO_CONTINUING_RISK
    assert before.enquiry_ended_at == LATER + 2 * DAY
    # Words stay where they were written: that case may be restricted to other people.
    assert (before.enquiry_reason, after.enquiry_reason) == (None, "Only for its readers.")
    child_id = after.child_id
    db.session.remove()
    with transaction() as session:
        third = hold(session, LATER + 3 * DAY, child_id, section_47="continued")
        row = session.execute(
            select(ChildAfter).where(ChildAfter.meeting_id == third.id)
        ).scalar_one()
        # A finished enquiry is not continued.
        assert (row.section47_started_at, row.enquiry_outcome) == (None, None)
    assert [one.carries for one in rows()] == [False, True, True]


def test_steps_are_noted_with_the_discussion_that_carries_them(two):
    with pytest.raises(Refused, match="later discussion"):
        note(two[0], Step.ASSESSMENT, LATER)
    note(two[1], Step.ASSESSMENT, LATER + DAY)
    before, after = rows()
    assert (before.assessment_completed_at, before.next_step) == (None, None)
    assert after.assessment_completed_at == LATER + DAY


def test_what_was_done_between_two_discussions_is_noted_with_its_own_date(two):
    note(two[1], Step.REFERRAL, START + DAY)
    note(two[1], Step.ASSESSMENT, START + 2 * DAY)
    note(two[1], Step.BOOKING, START + 2 * DAY)
    note(two[1], Step.HELD, START + 2 * DAY, "plan")
    after = rows()[1]
    assert after.icpc_referred_at == START + DAY
    assert after.assessment_completed_at == after.icpc_held_at == START + 2 * DAY
    assert (after.conference, after.icpc_outcome) == (
        Conference.REQUIRED, ConferenceOutcome.PLAN,
    )  # fmt: skip


def test_nothing_is_noted_from_before_the_enquiry_or_over_what_the_later_discussion_said(two):
    # The later one said that the enquiry went on, and what it thought of a conference.
    for step, at, choice in (
        (Step.REFERRAL, START - DAY / 24, ""),
        (Step.BOOKING, START, ""),
        (Step.ENQUIRY, START + DAY, "no_continuing_risk"),
        (Step.CONFERENCE, START + DAY, "not_needed"),
    ):
        with pytest.raises(Refused, match=r"The discussion (began|ended) on|before the discussion"):
            note(two[1], step, at, choice, "Seen twice.")


def test_a_conference_may_be_decided_on_between_where_the_later_discussion_said_nothing(in_app):
    with transaction() as session:
        first = hold(session, START, section_47="started", conference="likely")
        later = hold(session, LATER, first.children[0].child_id, section_47="continued").id
    note(later, Step.CONFERENCE, START + DAY, "required", "The doctor's report came.")
    after = rows()[1]
    assert (after.conference, after.icpc_decided_at) == (Conference.REQUIRED, START + DAY)


def test_an_answer_put_right_gives_everything_back(two):
    note(two[1], Step.ENQUIRY, LATER + 2 * DAY, "no_continuing_risk", "Seen twice.")
    with transaction() as session:
        meeting = session.get_one(Meeting, two[1])
        scope = f"child:{meeting.children[0].child_id}"
        discussion.save_field(
            session, CHAIR, meeting, scope, "section_47", "not_started", 1, LATER + 3 * DAY
        )
    before, after = rows()
    assert before.carries and before.next_step is Step.BOOKING
    assert (before.enquiry_outcome, before.from_others) == (None, [])
    assert (after.section47_started_at, after.icpc_referred_at) == (None, None)
    assert (after.conference, after.from_others) == (Conference.LIKELY, [])


def test_two_records_of_one_child_have_one_enquiry_until_they_are_told_apart(in_app):
    with transaction() as session:
        first = hold(session, START, section_47="started", conference="required")
        later = hold(session, LATER, section_47="continued", conference="required")
        staff = make_staff(session, Role.CHAIR)
        known, other = (one.children[0].child_id for one in (first, later))
        actor = Actor(ActorKind.STAFF, staff.id, "Chair")
    note(first.id, Step.REFERRAL, START + 3 * HOUR)
    assert [one.carries for one in rows()] == [True, True]
    db.session.remove()
    with transaction() as session:
        same_child.link(
            session, actor, session.get_one(Child, other), session.get_one(Child, known),
            "The same NHS number", LATER + DAY,
        )  # fmt: skip
    before, after = rows()
    assert (before.carries, after.carries) == (False, True)
    assert after.icpc_referred_at == START + 3 * HOUR and after.section47_started_at == START
    db.session.remove()
    with transaction() as session:
        match = session.execute(select(ChildMatch)).scalar_one()
        same_child.undo(session, actor, match.id, "Another NHS number", LATER + 2 * DAY)
    before, after = rows()
    assert (before.carries, before.next_step) == (True, Step.QUALITY)
    # Nothing of the one child stays with the other.
    assert (after.carries, after.icpc_referred_at, after.section47_started_at) == (True, None, None)


@pytest.fixture
def apart(in_app):
    """Two records of one child: one's enquiry started, the other's continued; `(ids, join, part)`
    says that they are one child, and that they are not."""
    with transaction() as session:
        first = hold(session, START, section_47="started", conference="required")
        later = hold(session, LATER, section_47="continued", conference="likely")
        ids = first.id, later.id
        known, other = (one.children[0].child_id for one in (first, later))
        actor = Actor(ActorKind.STAFF, make_staff(session, Role.CHAIR).id, "Chair")

    def join():
        db.session.remove()
        with transaction() as session:
            same_child.link(
                session, actor, session.get_one(Child, other), session.get_one(Child, known),
                "The same NHS number", LATER + 4 * DAY,
            )  # fmt: skip

    def part():
        db.session.remove()
        with transaction() as session:
            match = session.execute(select(ChildMatch)).scalar_one()
            same_child.undo(session, actor, match.id, "Another number", LATER + 5 * DAY)

    return ids, join, part


@pytest.mark.parametrize("other", ["no_continuing_risk", "not_substantiated"])
def test_an_outcome_that_was_noted_with_each_stays_with_each_and_with_its_reason(apart, other):
    ids, join, part = apart
    note(ids[0], Step.ENQUIRY, LATER + 2 * DAY, "no_continuing_risk", "Seen twice.")
    note(ids[1], Step.ENQUIRY, LATER + 3 * DAY, other, "Heard by the school.")
    noted = [
        (EnquiryOutcome.NO_CONTINUING_RISK, LATER + 2 * DAY, "Seen twice."),
        (EnquiryOutcome(other), LATER + 3 * DAY, "Heard by the school."),
    ]

    def said():
        return [(one.enquiry_outcome, one.enquiry_ended_at, one.enquiry_reason) for one in rows()]

    join()
    assert [one.carries for one in rows()] == [False, True]
    assert said() == noted
    part()
    assert said() == noted


def test_a_conference_that_was_held_leaves_a_later_decision_that_none_is_needed(apart):
    ids, join, part = apart
    note(ids[0], Step.BOOKING, START + DAY)
    note(ids[0], Step.HELD, START + DAY, "no_plan")
    note(ids[1], Step.CONFERENCE, LATER + DAY, "not_needed", "The family moved in.")
    for change in (join, part):
        change()
        before, after = rows()
        assert (before.conference, before.icpc_held_at) == (Conference.REQUIRED, START + DAY)
        assert (after.conference, after.icpc_held_at) == (Conference.NOT_NEEDED, None)
        assert (after.icpc_outcome, before.carries) == (None, change is part)


@pytest.fixture
def edited():
    """The council edits its protocol: every limit is a day shorter, and says so; taken back."""
    found = {one.id: one for one in registry.all()}

    def edit():
        registry.use({
            key: replace(one, version="edited", digest="edited", rules=tuple(
                replace(rule, id=f"{rule.id}-edited", within=rule.within - 1)
                if rule.within and rule.clock in (Clock.ICPC_HELD, Clock.ASSESSMENT) else rule
                for rule in one.rules
            ))
            for key, one in found.items()
        })  # fmt: skip

    yield edit
    registry.use(found)


def said_of(row):
    return {
        clock: (due.due_at, due.rule, due.reason, due.source)
        for clock, due in restore(row.clocks).clocks.items()
    }


def test_the_limits_are_those_of_the_first_discussion_whatever_the_protocol_says_now(
    in_app, edited
):
    with transaction() as session:
        first = hold(session, START, section_47="started", conference="likely", assessment="45")
        ids = first.id, first.children[0].child_id
    edited()
    with transaction() as session:
        later = hold(session, LATER, ids[1], section_47="continued", conference="likely").id
        alone = hold(session, START, section_47="started").id
    before, after = (one for one in rows() if one.meeting_id in (ids[0], later))
    assert after.icpc_due_at == before.icpc_due_at == LIMIT
    assert after.assessment_due_at == before.assessment_due_at
    assert said_of(after) == said_of(before)
    assert after.clocks == before.clocks
    # What is decided since is counted by the protocol as it is now, and nothing else.
    note(later, Step.CONFERENCE, LATER + 2 * DAY, "required", "The doctor's report came.")
    before, after = (one for one in rows() if one.meeting_id in (ids[0], later))
    assert {key: said_of(after)[key] for key in said_of(before)} == said_of(before)
    assert after.icpc_referral_due_at == LATER + 3 * DAY
    assert after.clocks["earlier"] == before.clocks
    other = next(one for one in rows() if one.meeting_id == alone)
    assert said_of(other)[Clock.ICPC_HELD][1].endswith("-edited")
    assert other.icpc_due_at == LIMIT - DAY
    # Nor does what is read again for the first one rewrite it.
    with transaction() as session:
        service.follow(session, CHAIR, session.get_one(Meeting, ids[0]), LATER + 3 * DAY)
    assert said_of(next(one for one in rows() if one.meeting_id == ids[0])) == said_of(before)


def test_the_dataset_counts_an_enquiry_once(two):
    note(two[1], Step.ASSESSMENT, LATER + DAY)
    with transaction() as session:
        months = {month_of(one.created_at) for one in session.execute(select(Meeting)).scalars()}
        for measure in (Measure.ICPC_REFERRAL, Measure.ICPC_HELD, Measure.ASSESSMENT):
            found = [
                one.number for month in months for one in count(session, measure, month, LATER)
            ]
            assert sum(found) == 1


def test_each_page_says_where_the_enquiry_is_followed(app, change, signed_in):
    with change() as session:
        first = hold(session, now() - 8 * DAY, section_47="started", conference="likely")
        child_id = first.children[0].child_id
        later = hold(session, now() - DAY, child_id, section_47="continued", conference="likely")
        refs = first.ref, later.ref
        ref = session.get_one(Child, child_id).ref
    browser = signed_in(Role.ADMINISTRATOR)
    front = browser.get("/").get_data(as_text=True)
    assert front.count("Tell the quality service that a conference is likely") == 1
    page = browser.get(f"/discussions/{refs[0]}/after").get_data(as_text=True)
    assert "Carried on" in page and f'href="/discussions/{refs[1]}/after"' in page
    assert "Note it" not in page
    page = browser.get(f"/discussions/{refs[1]}/after").get_data(as_text=True)
    assert "This discussion continued the section 47 enquiry of" in page and "Note it" in page
    answer = browser.get(f"/discussions/{refs[0]}/after/{ref}/enquiry")
    assert (answer.status_code, answer.location) == (303, f"/discussions/{refs[0]}/after")


def test_an_enquiry_that_is_not_known_is_said_to_be_so(app, change, signed_in):
    with change() as session:
        ref = hold(session, START, section_47="continued").ref
    page = signed_in(Role.CHAIR).get(f"/discussions/{ref}/after").get_data(as_text=True)
    assert "Start not known" in page and "Nothing more follows" not in page
    assert "Note when the section 47 enquiry began" in page
    (path,) = re.findall(r'href="([^"]+/began)"', page)
    form = signed_in(Role.CHAIR).get(path).get_data(as_text=True)
    assert "When did the section 47 enquiry begin?" in form


def test_the_start_of_an_enquiry_from_elsewhere_is_noted_and_counts(in_app):
    """Its limits run from then, a later discussion takes it over, and it stands in the returns."""
    began_at = START - 7 * DAY
    with transaction() as session:
        first = hold(session, START, section_47="continued", conference="required")
        ids = first.id, first.children[0].child_id
    assert rows()[0].icpc_due_at is None
    with pytest.raises(Refused, match="The discussion that continued it began"):
        note(ids[0], Step.BEGAN, START + HOUR / 2)
    for year in (1926, 1999, START.year - 3):
        with pytest.raises(Refused, match="check the day and the year"):
            note(ids[0], Step.BEGAN, START.replace(year=year))
    note(ids[0], Step.BEGAN, began_at)
    (row,) = rows()
    assert (row.section47_started_at, row.icpc_due_at) == (began_at, LIMIT - 7 * DAY)
    with transaction() as session:
        hold(session, LATER, ids[1], section_47="continued")
    before, after = rows()
    assert [one.section47_started_at for one in (before, after)] == [began_at] * 2
    assert (before.carries, after.icpc_due_at) == (False, LIMIT - 7 * DAY)
    # It is put right with the discussion that carries it.
    note(after.meeting_id, Step.BEGAN, began_at - DAY)
    before, after = rows()
    assert [one.section47_started_at for one in (before, after)] == [began_at - DAY] * 2
    (found,) = enquiries(reading(), began_at - 2 * DAY, began_at)
    assert (found.child_id, found.started_on) == (ids[1], (began_at - DAY).date())


def test_where_a_discussion_started_the_enquiry_nobody_else_says_when_it_began(two):
    with pytest.raises(Refused, match="not open"):
        note(two[1], Step.BEGAN, START - DAY)
    assert rows()[1].section47_started_at == START


def test_an_answer_that_it_began_here_outweighs_what_was_noted(in_app):
    with transaction() as session:
        ids = (first := hold(session, START, section_47="continued")).id, first.children[0].child_id
    note(ids[0], Step.BEGAN, START - DAY)
    with transaction() as session:
        meeting = session.get_one(Meeting, ids[0])
        (entry,) = session.query(Entry).filter_by(meeting_id=ids[0], field="section_47")
        entry.value = "started"
        service.follow(session, CHAIR, meeting, LATER)
    (row,) = rows()
    assert (row.section47_started_at, row.enquiry_began_at) == (START, None)
