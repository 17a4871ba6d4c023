"""A child who joins the referral after its discussion was decided is work until a discussion speaks
of them (A2, G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.meetings.models import MeetingChild
from app.meetings.types import MeetingState
from app.referrals.models import Referral, ReferralChild
from app.reports.types import WorkKind
from tests.factories.meetings import make_case, make_meeting

WORK = WorkKind.JOINED.words


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.UNDER_WAY, MeetingState.ENDED])
def test_a_child_in_no_discussion_is_work_until_one_speaks_of_them(change, signed_in, state):
    with change() as session:
        meeting = make_meeting(session, state, children=1, at=now() - timedelta(hours=1))
        number, ref, referral_id = meeting.id, meeting.ref, meeting.referral_id
    browsers = [signed_in(Role.ADMINISTRATOR), signed_in(Role.CHAIR)]
    assert not any(WORK in one.get("/").text for one in browsers)
    with change() as session:
        child = make_case(session, children=1).children[0].child
        held = session.get_one(Referral, referral_id)
        held.children.append(ReferralChild(child_id=child.id, position=7))
        child_id = child.id
    for browser in browsers:
        page = browser.get("/").text
        assert f'href="/discussions/{ref}">{WORK}' in page
    if state is MeetingState.UNDER_WAY:
        ending = browsers[1].get(f"/discussions/{ref}/hold/end").text
        assert "joined the referral since, and nothing is decided" in ending
    with change() as session:
        session.add(MeetingChild(meeting_id=number, child_id=child_id, position=7))
    assert not any(WORK in one.get("/").text for one in browsers)


def test_a_second_discussion_about_fewer_children_is_no_gap(change, signed_in):
    with change() as session:
        first = make_meeting(session, MeetingState.SIGNED, children=2)
        referral = session.get_one(Referral, first.referral_id)
        second = make_meeting(session, referral=referral, at=now())
        second.children.pop()
        ref = second.ref
    page = signed_in(Role.CHAIR).get("/").text
    assert ref in page and WORK not in page
