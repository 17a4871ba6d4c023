"""A chair who decides on a referral in the browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.directory.types import AgencyKind, ProfessionalRole
from tests.factories.meetings import make_case, make_council, make_person


@pytest.fixture
def chair(app, signed_in):
    browser = signed_in(Role.CHAIR)
    with app.app_context(), transaction() as session:
        make_council(session, "bromley")
        make_person(session, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE, name="DS Holt")
        ref = make_case(session, at=now() - timedelta(hours=1)).ref
    return browser, ref
