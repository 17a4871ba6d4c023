"""What somebody sent is heard, also where they were removed or the discussion was booked anew
(C7, D5)."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.session import db, reading, transaction
from app.meetings import answers
from app.meetings.discussion import queries
from app.meetings.discussion.page import hold_page
from app.meetings.earlier_reports import earlier_reports
from app.meetings.models import Meeting, Report
from app.meetings.types import MeetingState, ReportVia
from app.referrals.models import Referral
from tests.clock import FRIDAY
from tests.factories.meetings import make_invitee, make_meeting, make_person


def _sends(session, invitee, words: str) -> None:
    answers.add_report(session, invitee, words, None, ReportVia.EMAIL, SYSTEM, FRIDAY)


def _removed(invitee, reason: str, *, wrong_address: bool = False) -> None:
    invitee.removed_at, invitee.removed_reason = FRIDAY, reason
    invitee.wrong_address = wrong_address


def _shown(case):
    session = reading()
    held = queries.held(session, session.get_one(Meeting, case.meeting_id))
    return hold_page(held, "Helen Marsh", FRIDAY)


def test_who_was_removed_and_added_again_keeps_their_report(in_app, case):
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        again = make_person(session)
        before = make_invitee(session, meeting, person=again)
        _sends(session, before, "Seen on Tuesday")
        _removed(before, "By mistake")
        session.flush()
        make_invitee(session, meeting, person=again)
        session.refresh(meeting)
    page = _shown(case)
    said = {one.name: [report.body for report in one.reports] for one in page.speakers}
    assert said.pop(again.name) == ["Seen on Tuesday"]
    assert not any(said.values())
    assert page.removed == ()


def test_who_was_removed_is_heard_apart_but_never_a_wrong_address(in_app, case):
    with transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        gone, wrong = meeting.invitees[1:3]
        _sends(session, gone, "Seen on Tuesday")
        _sends(session, wrong, "A stranger's words")
        _removed(gone, "Left the agency")
        _removed(wrong, "a@example.org was not their address.", wrong_address=True)
    page = _shown(case)
    assert [(one.name, [said.body for said in one.reports]) for one in page.removed] == [
        (gone.name, ["Seen on Tuesday"])
    ]
    assert not any(one.reports for one in page.speakers)


@pytest.fixture
def booked_again(app):
    """A report to a discussion that was cancelled, and the one in its place."""
    with app.app_context(), transaction() as session:
        first = make_meeting(session)
        _sends(session, first.invitees[1], "Seen on Tuesday")
        first.state, first.cancelled_at = MeetingState.CANCELLED, FRIDAY
        referral = session.get_one(Referral, first.referral_id)
        second = make_meeting(session, referral=referral)
        found = first.ref, second.ref, first.invitees[1].name
        db.session.flush()
    return found


@pytest.mark.parametrize("place", ["", "/hold"])
def test_the_discussion_booked_anew_leads_to_what_came_in_before(
    app, booked_again, signed_in, place
):
    first, second, who = booked_again
    browser = signed_in(Role.CHAIR)
    page = browser.get(f"/discussions/{second}{place}").text
    with app.app_context():
        held = reading().query(Report).one()
        number = held.id
        db.session.remove()
    there = f"/discussions/{first}/reports/{number}"
    assert there in page and f"of {who}" in page
    assert "Seen on Tuesday" in browser.get(there).text


def test_what_another_discussion_heard_is_not_asked_for_again(in_app):
    with transaction() as session:
        first = make_meeting(session)
        _sends(session, first.invitees[1], "Seen on Tuesday")
        wrong = first.invitees[2]
        _sends(session, wrong, "A stranger's words")
        _removed(wrong, "a@example.org was not their address.", wrong_address=True)
        first.state = MeetingState.CANCELLED
        referral = session.get_one(Referral, first.referral_id)
        second = make_meeting(session, MeetingState.SIGNED, referral=referral)
        third = make_meeting(session, referral=referral)
        assert [one.ref for one in earlier_reports(session, second)] == [first.ref]
        assert earlier_reports(session, third) == []


def test_the_page_of_the_discussion_lists_the_reports_of_the_removed(app, case, signed_in):
    with app.app_context(), transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        gone, wrong = meeting.invitees[1:3]
        _sends(session, gone, "Seen on Tuesday")
        _sends(session, wrong, "A stranger's words")
        _removed(gone, "Left the agency")
        _removed(wrong, "a@example.org was not their address.", wrong_address=True)
        kept, strange = session.query(Report).order_by(Report.id).all()
        numbers = kept.id, strange.id
    page = signed_in(Role.CHAIR).get(f"/discussions/{case.ref}").text
    assert f"/reports/{numbers[0]}" in page
    assert f"/reports/{numbers[1]}" not in page
