"""When a discussion began and ended, where a button was pressed early or late (F5, E1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, now
from app.core.session import reading, transaction
from app.meetings.after.models import ChildAfter
from app.meetings.discussion.content import content_of
from app.meetings.discussion.service import save_entry
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.page_form import form_of

DAY = timedelta(hours=24)


def at(name: str, moment: datetime) -> dict[str, str]:
    local = in_london(moment)
    return {
        f"{name}-day": str(local.day), f"{name}-month": str(local.month),
        f"{name}-year": str(local.year), f"{name}-time": f"{local:%H:%M}",
    }  # fmt: skip


@pytest.fixture
def began(app, case) -> datetime:
    """Thirty hours ago: whoever was to press End has forgotten it."""
    moment = (now() - timedelta(hours=30)).replace(second=0, microsecond=0)
    with app.app_context(), transaction() as session:
        session.get_one(Meeting, case.meeting_id).started_at = moment
    return moment


def held(case) -> Meeting:
    return reading().get_one(Meeting, case.meeting_id)


def test_the_record_runs_from_when_it_ended_and_not_from_a_late_press(app, case, began, signed_in):
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/end"
    form = form_of(chair.get(here).text, here)
    # As it is proposed, now, it would have lasted thirty hours.
    unlikely = chair.post(here, data=form)
    assert unlikely.status_code == 422
    assert 'href="#ended_at">Check the end: it is more than 12 hours' in unlikely.text
    for wrong, told in (
        (began - timedelta(minutes=5), "The end must be after the start"),
        (now() + timedelta(minutes=5), "The end is in the future"),
    ):
        refused = chair.post(here, data=form | at("ended_at", wrong))
        assert refused.status_code == 422
        assert told in refused.text
    ended = began + timedelta(minutes=40)
    assert chair.post(here, data=form | at("ended_at", ended)).status_code == 303
    with app.app_context():
        meeting = held(case)
        assert (meeting.state, meeting.ended_at) == (MeetingState.ENDED, ended)
        assert meeting.record_due_at == ended + DAY


def test_times_are_put_right_with_a_reason_and_every_clock_runs_anew(app, case, signed_in):
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/times"
    with app.app_context(), transaction() as session:
        meeting = session.get_one(Meeting, case.meeting_id)
        meeting.started_at = (now() - timedelta(hours=9)).replace(second=17)
        save_entry(
            session, case.chair, meeting, case.child(), "section_47", "started", 0, now()
        )  # fmt: skip
    end = f"/discussions/{case.ref}/hold/end"
    assert chair.post(end, data=form_of(chair.get(end).text, end)).status_code == 303
    page = chair.get(f"/discussions/{case.ref}/hold").text
    assert f'href="{here}"' in page
    form = form_of(chair.get(here).text, here)
    # The minutes that are held already change nothing, and need no reason of their own.
    with app.app_context():
        before = (held(case).started_at, held(case).ended_at)
    assert chair.post(here, data=form | {"reason": "Nothing"}).status_code == 303
    with app.app_context():
        assert (held(case).started_at, held(case).ended_at) == before
    began = (now() - timedelta(hours=10)).replace(second=0, microsecond=0)
    ended = began + timedelta(minutes=40)
    times = at("started_at", began) | at("ended_at", ended)
    without = chair.post(here, data=form | times | {"reason": ""})
    assert without.status_code == 422
    assert "Say why the times are corrected" in without.text
    future = chair.post(here, data=form | times | at("ended_at", now() + DAY) | {"reason": "Why"})
    assert "The end is in the future" in future.text
    reason = "Start and End were pressed late: the telephone was in use."
    assert chair.post(here, data=form | times | {"reason": reason}).status_code == 303
    assert reason in unescape(chair.get(f"/discussions/{case.ref}/hold").text)
    with app.app_context():
        session, meeting = reading(), held(case)
        assert (meeting.started_at, meeting.ended_at) == (began, ended)
        assert meeting.record_due_at == ended + DAY
        runs = session.execute(
            select(ChildAfter.section47_started_at).where(ChildAfter.enquiry_runs)
        ).scalars()
        assert set(runs) == {began}
        (audited,) = session.execute(
            select(AuditEntry).where(AuditEntry.action == "corrected when it was held")
        ).scalars()
        assert audited.details["started_before"] == before[0].isoformat()
        assert reason not in str(audited.details)
        assert reason in [one.passage.text for one in content_of(session, meeting).analysis]


def test_two_who_correct_the_times_both_see_it(app, case, signed_in):
    """E1: neither overwrites the other."""
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/times"
    opened = form_of(chair.get(here).text, here)
    first = (now() - timedelta(hours=3)).replace(second=0, microsecond=0)
    theirs = opened | at("started_at", first) | {"reason": "Helen pressed late"}
    assert chair.post(here, data=theirs).status_code == 303
    second = first + timedelta(minutes=20)
    mine = opened | at("started_at", second) | {"reason": "I looked at the clock"}
    refused = chair.post(here, data=mine)
    assert refused.status_code == 422
    assert "Somebody else corrected the times meanwhile" in refused.text
    assert "Helen pressed late" in refused.text and "I looked at the clock" in refused.text
    with app.app_context():
        assert held(case).started_at == first
    again = form_of(refused.text, here)
    assert chair.post(here, data=again).status_code == 303
    with app.app_context():
        assert held(case).started_at == second


def test_two_who_correct_them_once_more_for_the_same_reason_both_see_it(app, case, signed_in):
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/times"
    first = (now() - timedelta(hours=3)).replace(second=0, microsecond=0)
    why = {"reason": "Pressed late"}
    form = form_of(chair.get(here).text, here) | at("started_at", first) | why
    assert chair.post(here, data=form).status_code == 303
    page = chair.get(here).text
    assert "The times were corrected before, because:" in page and "Pressed late" in page
    opened = form_of(page, here)
    assert opened["reason"] == ""  # a new correction has a reason of its own
    theirs = opened | at("started_at", first + timedelta(minutes=10)) | why
    assert chair.post(here, data=theirs).status_code == 303
    mine = opened | at("started_at", first - timedelta(minutes=25)) | why
    refused = chair.post(here, data=mine)
    assert refused.status_code == 422
    assert "Somebody else corrected the times meanwhile" in refused.text
    with app.app_context():
        assert held(case).started_at == first + timedelta(minutes=10)
    assert chair.post(here, data=form_of(refused.text, here)).status_code == 303
    with app.app_context():
        assert held(case).started_at == first - timedelta(minutes=25)


def test_one_that_began_long_ago_is_ended_first(app, case, signed_in):
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/times"
    with app.app_context(), transaction() as session:
        session.get_one(Meeting, case.meeting_id).started_at = now() - timedelta(hours=14)
    began = (now() - timedelta(hours=13)).replace(second=0, microsecond=0)
    form = form_of(chair.get(here).text, here) | at("started_at", began) | {"reason": "Late"}
    refused = chair.post(here, data=form)
    assert refused.status_code == 422 and "end it first" in refused.text


def test_the_times_of_what_is_signed_are_final(app, make_case, signed_in):
    case = make_case(MeetingState.SIGNED, invitees=3)
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/times"
    assert chair.get(here).status_code == 303
    assert f'href="{here}"' not in chair.get(f"/discussions/{case.ref}/hold").text
