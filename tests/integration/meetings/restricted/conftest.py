"""A restricted case, and browsers of those who may not see it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.restricted.models import CaseRestriction, RestrictionReader
from app.meetings.types import MeetingState
from app.referrals import keys
from app.referrals.models import Child, Referral
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.meetings import make_meeting

GIVEN, NAME = "Isolde", "Quillfeather"
BORN = date(2017, 4, 9)
KEEPER = "Helen Marsh"


@pytest.fixture
def hidden(app):
    """The references of a referral and its discussion, which only one chair may see; the chair."""
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, 3, at=now())
        referral = session.get_one(Referral, meeting.referral_id)
        for row in meeting.children:
            child = session.get_one(Child, row.child_id)
            child.given_name, child.family_name, child.date_of_birth = GIVEN, NAME, BORN
            child.case_reference = "LCS-778899"
            keys.index(session, child.id, keys.identity(child))
        reader = make_staff(session, Role.CHAIR, name=KEEPER)
        held = CaseRestriction(
            referral_id=referral.id, meeting_id=None, reason="A colleague's", set_by_id=reader.id,
            set_at=now(), lifted_at=None, lift_reason=None,
        )  # fmt: skip
        session.add(held)
        session.flush()
        session.add(RestrictionReader(restriction_id=held.id, staff_id=reader.id))
        return referral.ref, meeting.ref, reader.id


@pytest.fixture
def someone(app):
    """A browser of somebody new in a role, or of whoever has this number."""

    def browse(role: Role | int):
        browser = app.test_client()
        with app.app_context():
            number = role
            if isinstance(role, Role):
                with transaction() as session:
                    number = make_staff(session, role).id
            sign_in_as(browser, number)
        return browser

    return browse


@pytest.fixture
def case(app):
    """A referral with a booked discussion, by their references."""
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, 3, at=now())
        referral = session.get_one(Referral, meeting.referral_id)
        for row in meeting.children:
            session.get_one(Child, row.child_id).family_name = NAME
        return referral.ref, meeting.ref


def meeting_of(session, hidden) -> Meeting:
    """The discussion that is hidden."""
    return session.execute(select(Meeting).where(Meeting.ref == hidden[1])).scalar_one()


def views(app, page: str) -> set[str]:
    """Of which cases a look at pages of this name was noted."""
    with app.app_context():
        found = select(AuditView.subject_ref).where(AuditView.page.startswith(page))
        return set(reading().execute(found).scalars())
