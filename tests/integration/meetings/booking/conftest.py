"""A case that a browser can book, and somebody at the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.types import MeetingState
from app.referrals.models import ChildProfessional
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_case, make_conference_line, make_meeting, make_person


@pytest.fixture
def case(app):
    """A discussion that is needed now, with everybody the rules ask for in the directory."""
    moment = now()
    with app.app_context(), transaction() as session:
        cait = make_person(session, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE)
        make_person(session, ProfessionalRole.MASH_HEALTH)
        visitor = make_person(session, name="Vera Visitor")
        lead = make_person(session, ProfessionalRole.SAFEGUARDING_LEAD, AgencyKind.EDUCATION)
        chair = make_staff(session, Role.CHAIR)
        referral = make_case(session, at=moment, staff=chair, referrer=lead)
        meeting = make_meeting(
            session, MeetingState.NEEDED, at=moment, referral=referral, chair=chair
        )
        meeting.due_at = moment + timedelta(days=5)
        for one in (visitor, lead):
            session.add(
                ChildProfessional(
                    child_id=referral.children[0].child_id,
                    professional_id=one.id,
                    actively_involved=True,
                    lead=False,
                )
            )
        make_conference_line(session)
        return {
            "ref": meeting.ref,
            "referral": referral.ref,
            "cait": cait.id,
            "visitor": visitor.id,
            "lead": lead.id,
        }


@pytest.fixture
def desk(signed_in):
    return signed_in(Role.ADMINISTRATOR)
