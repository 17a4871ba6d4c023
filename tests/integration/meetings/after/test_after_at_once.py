"""Two people note what follows of one enquiry at once, two workers tell of it: neither undoes the
other, nothing is told twice (F8). On PostgreSQL, where two transactions run at once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.meetings.after import service
from app.meetings.after.types import EnquiryOutcome, Noted, Step
from app.meetings.early_notice import service as early_notice
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.records.same_child import service as same_child
from app.referrals.models import Child
from app.referrals.same_child.models import ChildMatch
from tests.at_once import at_once
from tests.integration.meetings.after.test_one_enquiry import (
    CHAIR,
    DAY,
    LATER,
    START,
    hold,
    rows,
    two,
)
from tests.integration.meetings.early_notice.test_early_notice import SENDER, Case

__all__ = ["two"]
NOW = LATER + 4 * DAY


@pytest.fixture
def engine_name():
    return "postgresql"


def noting(meeting_id, step, choice="", reason=""):
    """Somebody who has the page open notes a step with this discussion."""
    row = next(one for one in rows() if one.meeting_id == meeting_id)
    child_id, version = row.child_id, row.version
    ref = reading().get_one(Meeting, meeting_id).ref
    db.session.remove()

    def act(session):
        meeting = meeting_for_change(session, ref)
        noted = Noted(LATER + DAY, choice, reason)
        service.note(session, CHAIR, meeting, child_id, step, noted, version, NOW)

    return act


def test_of_two_who_note_with_one_discussion_the_second_reads_first(app, two):
    outcome = noting(two[1], Step.ENQUIRY, "no_continuing_risk", "Seen twice.")
    first, second = at_once(app, outcome, noting(two[1], Step.ASSESSMENT))
    assert first is None and isinstance(second, Refused)
    after = rows()[1]
    assert after.enquiry_outcome is EnquiryOutcome.NO_CONTINUING_RISK
    assert after.assessment_completed_at is None


def test_what_is_noted_with_one_discussion_stands_when_another_is_read_anew(app, two):
    outcome = noting(two[1], Step.ENQUIRY, "no_continuing_risk", "Seen twice.")

    def read_anew(session):
        meeting = session.get_one(Meeting, two[0], with_for_update=True)
        service.follow(session, CHAIR, meeting, NOW)

    assert at_once(app, outcome, read_anew) == (None, None)
    before, after = rows()
    assert before.enquiry_outcome is after.enquiry_outcome is EnquiryOutcome.NO_CONTINUING_RISK
    assert (before.carries, after.carries) == (False, True)


def test_two_workers_tell_the_quality_service_once(app, in_app):
    case = Case(in_app, "likely")
    db.session.remove()

    def tell(session):
        return early_notice.tell(session, case.id, case.children, SENDER, case.ended)

    assert at_once(app, tell, tell) == (1, 0)
    assert reading().execute(select(func.count(EarlyNotice.message_id.distinct()))).scalar() == 1


def test_two_link_one_child_once_and_two_part_it_once(app, in_app):
    with transaction() as session:
        first = hold(session, START, section_47="started", conference="required")
        later = hold(session, LATER, section_47="continued", conference="likely")
        known, other = (one.children[0].child_id for one in (first, later))
        # Whoever links is named in the match, so somebody who is on the staff.
        actor = type(CHAIR)(CHAIR.kind, first.chair_id, "Chair")
    db.session.remove()

    def link(session):
        same_child.link(
            session, actor, session.get_one(Child, other), session.get_one(Child, known),
            "The same NHS number", NOW,
        )  # fmt: skip

    done, late = at_once(app, link, link)
    assert done is None and isinstance(late, Refused)
    match = reading().execute(select(ChildMatch)).scalar_one().id
    assert [one.carries for one in rows()] == [False, True]
    db.session.remove()

    def part(session):
        same_child.undo(session, actor, match, "Another number", NOW)

    done, late = at_once(app, part, part)
    assert done is None and isinstance(late, Refused)
    assert [one.carries for one in rows()] == [True, True]
