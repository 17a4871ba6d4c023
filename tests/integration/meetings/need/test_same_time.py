"""Recording a discussion as held that is booked or begun already leads to that one (B1, C11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory.types import AgencyKind
from app.meetings.models import Meeting
from app.meetings.need import service
from app.meetings.need.same_time import at_that_time, check_another
from app.meetings.need.types import HeldAlready, Occasion, Present
from app.meetings.restricted.models import CaseRestriction, RestrictionReader
from app.meetings.types import Attendance, Format, MeetingState
from app.referrals.acting import taken_first
from app.referrals.models import Referral
from tests.at_once import at_once
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_case, make_council, make_meeting
from tests.page_form import form_of

HOUR = timedelta(hours=1)
MINUTES = timedelta(minutes=30)


def typed(began, ended):
    """The two times as the form takes them."""
    parts = {}
    for name, moment in (("started_at", in_london(began)), ("ended_at", in_london(ended))):
        parts |= {
            f"{name}-day": str(moment.day), f"{name}-month": str(moment.month),
            f"{name}-year": str(moment.year), f"{name}-time": f"{moment:%H:%M}",
        }  # fmt: skip
    return parts | {"others-0-name": "Sam Typed", "others-0-kind": "education"}


def of(session, ref):
    return session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()


def beside(app, referral_ref, state=MeetingState.BOOKED, ago=HOUR, hidden=False):
    """A discussion of the referral at the time that will be typed."""
    with app.app_context(), transaction() as session:
        referral = session.execute(
            select(Referral).where(Referral.ref == referral_ref)
        ).scalar_one()
        other = make_meeting(session, state, referral=referral, at=now(), start=now() - ago)
        if state is not MeetingState.BOOKED:
            other.started_at = now() - ago
        if hidden:
            keeper = make_staff(session, Role.CHAIR)
            elsewhere = make_case(session)
            other.referral_id = elsewhere.id
            held = CaseRestriction(
                referral_id=elsewhere.id, reason="Close", set_by_id=keeper.id, set_at=now()
            )
            session.add(held)
            session.flush()
            session.add(RestrictionReader(restriction_id=held.id, staff_id=keeper.id))
        return other.ref


def how_many(app):
    with app.app_context():
        found = reading().execute(select(func.count(Meeting.id))).scalar_one()
        db.session.remove()
    return found


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.UNDER_WAY])
def test_what_stands_at_that_time_is_offered_and_another_is_an_explicit_choice(app, chair, state):
    browser, ref = chair
    path = f"/referrals/{ref}/already-held"
    other = beside(app, ref, state)
    page = browser.get(path).text
    assert 'name="another"' not in page
    form = form_of(page, path) | typed(now() - HOUR, now() - MINUTES) | {"reason": "They rang."}
    refused = browser.post(path, data=form)
    assert refused.status_code == 422 and how_many(app) == 1
    assert 'href="#another"' in refused.text
    assert f"/discussions/{other}/hold" in refused.text
    again = form_of(refused.text, path)
    assert again["others-0-name"] == "Sam Typed" and again["reason"] == "They rang."
    assert browser.post(path, data=again | {"another": "y"}).status_code == 303
    assert how_many(app) == 2


def test_at_another_time_nothing_is_asked(app, chair):
    browser, ref = chair
    path = f"/referrals/{ref}/already-held"
    beside(app, ref, ago=-24 * HOUR)
    form = form_of(browser.get(path).text, path) | {"reason": "They rang."}
    assert browser.post(path, data=form | typed(now() - HOUR, now() - MINUTES)).status_code == 303


def test_one_that_is_hidden_is_not_told(app, chair):
    browser, ref = chair
    path = f"/referrals/{ref}/already-held"
    other = beside(app, ref, hidden=True)
    form = form_of(browser.get(path).text, path) | typed(now() - HOUR, now() - MINUTES)
    refused = browser.post(path, data=form)  # without the reason
    assert refused.status_code == 422 and f"/discussions/{other}/hold" not in refused.text
    assert browser.post(path, data=form | {"reason": "They rang."}).status_code == 303


def test_of_an_open_case_it_is_offered_too(app, chair):
    browser, referral_ref = chair
    other = beside(app, referral_ref)
    with app.app_context(), transaction() as session:
        referral = session.execute(
            select(Referral).where(Referral.ref == referral_ref)
        ).scalar_one()
        child = referral.children[0].child.ref
    path = "/discussions/already-held"
    form = form_of(browser.get(f"{path}?child={child}").text, path) | {
        "do": "keep", "reason": "They rang.", "concerns": "neglect",
    }  # fmt: skip
    form |= typed(now() - HOUR, now() - MINUTES)
    refused = browser.post(path, data=form)
    assert refused.status_code == 422 and f"/discussions/{other}/hold" in refused.text
    assert how_many(app) == 1
    again = form_of(refused.text, path) | {"do": "keep", "another": "y"}
    assert browser.post(path, data=again).status_code == 303
    assert how_many(app) == 2


def test_what_counts_as_that_time(in_app):
    with transaction() as session:
        booked = make_meeting(session, start=FRIDAY)
        children = [one.child_id for one in booked.children]
        over = booked.ends_at

        def found(began, ended):
            return [one.ref for one in at_that_time(session, children, began, ended)]

        assert found(FRIDAY, over) == [booked.ref]
        assert found(FRIDAY - HOUR, FRIDAY - MINUTES) == [booked.ref]
        assert found(over + MINUTES, over + HOUR) == [booked.ref]
        assert found(FRIDAY - 3 * HOUR, FRIDAY - HOUR) == []
        assert found(over + HOUR, over + 2 * HOUR) == []
        booked.state, booked.started_at = MeetingState.UNDER_WAY, FRIDAY
        session.flush()
        assert found(over + 5 * HOUR, over + 6 * HOUR) == [booked.ref]  # it is not over yet
        booked.state = MeetingState.CANCELLED
        booked.cancelled_at, booked.cancel_reason, booked.started_at = FRIDAY, "Not needed", None
        session.flush()
        assert found(FRIDAY, over) == []
        assert at_that_time(session, [], FRIDAY, over) == []


@pytest.mark.parametrize("other_referral", [False, True])
def test_two_who_write_down_one_talk_at_once_make_one_of_it(app, change, other_referral):
    """Also where each writes it on a referral of their own about the child (C11, H4)."""
    with change() as session:
        make_council(session)
        case = make_case(session, at=now() - 3 * HOUR)
        refs, child_id = [case.ref], case.children[0].child_id
        if other_referral:
            second = make_case(session, children=1, at=now() - 2 * HOUR)
            second.children[0].child_id = child_id
            refs.append(second.ref)
        both = [make_member(make_staff(session, Role.CHAIR)) for _ in range(2)]
    began = now().replace(second=0, microsecond=0) - HOUR
    there = (Present(Attendance.BY_PHONE, name="Sam Typed", agency_kind=AgencyKind.EDUCATION),)
    given = HeldAlready(began, began + MINUTES, "They rang", Format.CALL, people=there)

    def write_down(staff, ref):
        def act(session):
            taken_first(session, of(session, ref).id)
            check_another(session, [child_id], given, ())
            return service.record_held(session, staff, Occasion(ref), given, SENDER, now()).ref

        return act

    with app.app_context():
        first, second = at_once(app, write_down(both[0], refs[0]), write_down(both[1], refs[-1]))
        assert isinstance(second, Refused) and second.field == "another" and first in second.message
        assert reading().execute(select(func.count(Meeting.id))).scalar_one() == 1
