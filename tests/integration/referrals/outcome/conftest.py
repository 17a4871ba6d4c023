"""Referrals to decide about, and a browser that trusts no remembered page."""

from __future__ import annotations

import pytest

from app.core.clock import now
from app.core.session import transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.referrals import queries as referrals
from app.referrals.children import involve
from app.referrals.types import (
    Involvement,
    Outcome,
)
from tests.factories.checks import (
    Fresh,
    staff_actor,
)
from tests.factories.directory import make_agency, make_professional
from tests.factories.referrals import make_adult
from tests.integration.referrals.outcome.steps import (
    decide,
    refer,
)


@pytest.fixture(autouse=True)
def fresh_browsers(app):
    app.test_client_class = Fresh


@pytest.fixture
def held(in_app):
    return refer(consent=None)


@pytest.fixture
def told(in_app):
    """A decided referral of two children; the first goes to a school, the referrer is known."""
    held = refer(decided=None)
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        school = make_agency(session, AgencyKind.EDUCATION)
        lead = make_professional(session, ProfessionalRole.SAFEGUARDING_LEAD, school, "Dana Lead")
        involve(
            session, staff_actor(session), current.children[0].child, [Involvement(lead.id)], now()
        )
        referrer = make_professional(session, ProfessionalRole.TEACHER, school, "Robin Referrer")
        current.referrer_professional_id = referrer.id
        make_adult(session, current)
    decide(held, Outcome.SECTION_17)
    return held
