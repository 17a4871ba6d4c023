"""What a later discussion took the place of is marked, so that the list of cancelled ones stays
short; the mark goes when the later one proves to be another child's (A3, A11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.types import Role
from app.core.session import db, reading, transaction
from app.meetings.models import Meeting, MeetingChild
from app.meetings.need import service
from app.meetings.need.again_service import book_again
from app.meetings.need.types import Occasion
from app.meetings.open_case.types import About
from app.meetings.types import MeetingState
from app.records.same_child.service import link, undo
from app.referrals.models import Child
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Concern
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import make_member
from tests.factories.meetings import make_case, make_council, make_known_child

HOUR = timedelta(hours=1)
ABOUT = About(concerns=(Concern.PHYSICAL_ABUSE,))


@pytest.fixture
def staff(in_app):
    with transaction() as session:
        make_council(session, "bromley")
        return make_member(make_staff(session, Role.CHAIR))


def _decide(staff, at, **occasion):
    with transaction() as session:
        asked = Occasion(**occasion)
        return service.decide_needed(session, staff, asked, "Bruises.", at, at).ref


def _call_off() -> None:
    with transaction() as session:
        session.execute(update(Meeting).values(state=MeetingState.CANCELLED))


def _marked() -> list[bool]:
    db.session.remove()
    found = reading().execute(select(Meeting.replaced_at).order_by(Meeting.id)).scalars().all()
    return [moment is not None for moment in found]


def test_a_later_one_of_the_referral_takes_the_place(staff) -> None:
    with transaction() as session:
        ref, other = make_case(session).ref, make_case(session).ref
    for number, each in enumerate((ref, other)):
        _decide(staff, FRIDAY + number * HOUR, referral_ref=each)
    _call_off()
    assert _marked() == [False, False]
    _decide(staff, FRIDAY + 2 * HOUR, referral_ref=ref)
    assert _marked() == [True, False, False]


def test_of_an_open_case_the_last_child_has_to_have_a_later_one(staff) -> None:
    with transaction() as session:
        one, two = (make_known_child(session, name).ref for name in ("Ida", "Ben"))
    first = _decide(staff, FRIDAY, child_refs=(one, two), about=ABOUT)
    _call_off()
    _decide(staff, FRIDAY + HOUR, child_refs=(one,), about=ABOUT)
    assert _marked() == [False, False]
    with transaction() as session:
        book_again(session, staff, first, FRIDAY + 2 * HOUR)
    assert _marked() == [True, False, False]


def test_where_the_later_one_is_of_another_child_the_mark_is_taken_off(staff) -> None:
    with transaction() as session:
        mine, theirs = (make_known_child(session, name) for name in ("Ida", "Idah"))
        known, other, known_id = mine.ref, theirs.ref, mine.id
    _decide(staff, FRIDAY, child_refs=(known,), about=ABOUT)
    _call_off()
    _decide(staff, FRIDAY + HOUR, child_refs=(other,), about=ABOUT)
    _call_off()
    assert _marked() == [False, False]
    with transaction() as session:
        children = {one.ref: one for one in session.execute(select(Child)).scalars()}
        link(session, staff.actor, children[other], children[known], "One number", FRIDAY)
    # Another discussion of the child takes the place of both.
    _decide(staff, FRIDAY + 2 * HOUR, child_refs=(known,), about=ABOUT)
    assert _marked() == [True, True, False]
    with transaction() as session:
        match = session.execute(select(ChildMatch)).scalar_one()
        undo(session, staff.actor, match.id, "Two numbers", FRIDAY + 3 * HOUR)
    # Of the other child nobody has decided a later one: the list speaks of it again.
    assert _marked() == [False, False, False]
    held = select(MeetingChild.child_id).order_by(MeetingChild.meeting_id)
    assert reading().execute(held).scalars().all()[0] == known_id
