"""Who has something else at the time, or does not work then: seen before anything is sent (C1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Staff
from app.core.clock import in_london
from app.core.session import db, reading, transaction
from app.directory.models import Professional
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer
from tests.factories.meetings import make_invitee, make_meeting
from tests.page_form import form_of

ELSEWHERE = "In another discussion at this time."


@pytest.fixture
def booked(app, desk, case):
    """Booked by one press; gives the page of a change and when it starts."""
    where = f"/discussions/{case['ref']}/book"
    fields = form_of(desk.get(where).text, where)
    assert desk.post(where, data=fields | {"do": "send"}).status_code == 303
    with app.app_context():
        starts_at = reading().execute(select(Meeting.starts_at)).scalar_one()
        db.session.remove()
    return f"/discussions/{case['ref']}/change", starts_at


def _also_at(app, case, start):
    """The health visitor is asked to another discussion then."""
    with app.app_context(), transaction() as session:
        other = make_meeting(session, start=start)
        make_invitee(session, other, person=session.get(Professional, case["visitor"]))


def test_the_change_page_warns_of_who_is_in_another_discussion_then(app, desk, case, booked):
    where, starts_at = booked
    assert ELSEWHERE not in desk.get(where).text
    _also_at(app, case, starts_at + timedelta(minutes=30))
    page = desk.get(where).text
    assert page.count(ELSEWHERE) == 1
    assert "In another discussion then: Vera Visitor." in page


def test_who_has_said_no_to_the_other_discussion_is_free(app, desk, case, booked):
    where, starts_at = booked
    _also_at(app, case, starts_at)
    for given, said in (
        (Answer.ATTEND, 1), (Answer.DECLINED, 0), (Answer.REPORT, 0), (Answer.DEPUTY, 0),
    ):  # fmt: skip
        with app.app_context(), transaction() as session:
            [other] = session.execute(
                select(Invitee)
                .join(Meeting, Meeting.id == Invitee.meeting_id)
                .where(Invitee.professional_id == case["visitor"], Meeting.ref != case["ref"])
            ).scalars()
            other.answer = given
        assert desk.get(where).text.count(ELSEWHERE) == said, given


def test_the_warning_follows_the_time_that_is_chosen_and_who_stays(app, desk, case, booked):
    where, starts_at = booked
    later = starts_at + timedelta(days=1)
    _also_at(app, case, later)
    fields = form_of(desk.get(where).text, where)
    local = in_london(later)
    moved = fields | {
        "slot": "other", "other-day": f"{local.day}", "other-month": f"{local.month}",
        "other-year": f"{local.year}", "other-time": f"{local:%H:%M}",
    }  # fmt: skip
    assert "In another discussion then" not in desk.post(f"{where}/preview", data=fields).text
    page = desk.post(f"{where}/preview", data=moved).text
    assert "In another discussion then: Vera Visitor." in page
    # Whoever is taken off the list need not be free.
    keys = {name for name, value in fields.items() if name.endswith("-key")}
    for name in keys:
        moved.pop(name.replace("-key", "-come"), None)
    assert "In another discussion then" not in desk.post(f"{where}/preview", data=moved).text


def _at(start):
    local = in_london(start)
    return {
        "slot": "other", "other-day": f"{local.day}", "other-month": f"{local.month}",
        "other-year": f"{local.year}", "other-time": f"{local:%H:%M}",
    }  # fmt: skip


def test_who_is_away_is_said_of_the_time_that_is_typed(app, desk, case, booked):
    where, starts_at = booked
    fields = form_of(desk.get(where).text, where)
    later = starts_at + timedelta(days=2)
    with app.app_context(), transaction() as session:
        session.get(Professional, case["visitor"]).away_until = later
    early, back = (
        desk.post(f"{where}/preview", data=fields | _at(start)).text
        for start in (later - timedelta(hours=1), later + timedelta(hours=1))
    )
    assert "Away then: Vera Visitor." in early
    assert "Away then" not in back


@pytest.mark.parametrize(("format_", "warned"), [("meeting", True), ("call", False)])
def test_the_way_to_a_meeting_face_to_face_is_counted(app, desk, case, booked, format_, warned):
    where, starts_at = booked
    fields = form_of(desk.get(where).text, where) | {"format": format_, "place": "Room 2"}
    later = starts_at + timedelta(days=1)
    with app.app_context(), transaction() as session:
        chair = session.execute(select(Meeting)).scalar_one().chair_id
        other = make_meeting(session, start=later, chair=session.get(Staff, chair))
        make_invitee(session, other, person=session.get(Professional, case["visitor"]))
        after = other.ends_at + timedelta(minutes=15)
    page = desk.post(f"{where}/preview", data=fields | _at(after)).text
    assert ("discussion shortly before or after: Vera Visitor." in page) == warned
    assert ("The chair is in another discussion shortly before or after" in page) == warned
    assert "In another discussion then" not in page


def test_times_on_both_pages_are_judged_by_the_hours_of_the_directory(app, desk, case, booked):
    where, _starts_at = booked
    with app.app_context(), transaction() as session:
        visitor = session.get(Professional, case["visitor"])
        # No discussion is offered at three in the night while there are other times.
        visitor.works_days, visitor.works_from, visitor.works_to = "12345", "03:00", "03:30"
    page = desk.get(where).text
    assert "Works Monday to Friday, 03:00 to 03:30: not at this time." in page
    assert "Not at work then: Vera Visitor." in page
    assert "not at work then: Vera Visitor" in page  # of a slot
    with app.app_context(), transaction() as session:
        session.get(Professional, case["visitor"]).works_days = ""
        session.get(Professional, case["visitor"]).works_from = None
        session.get(Professional, case["visitor"]).works_to = None
    assert "ot at work then" not in desk.get(where).text


def test_the_booking_page_says_who_is_not_at_work(app, desk, case):
    with app.app_context(), transaction() as session:
        visitor = session.get(Professional, case["visitor"])
        visitor.works_days, visitor.works_from, visitor.works_to = "12345", "03:00", "03:30"
    page = desk.get(f"/discussions/{case['ref']}/book").text
    assert "not at work then: Vera Visitor" in page
    assert "Works Monday to Friday, 03:00 to 03:30: not at this time." in page
