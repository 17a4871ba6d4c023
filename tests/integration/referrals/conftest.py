"""Browsers of those who work on referrals."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.directory.types import AgencyKind
from tests.factories.directory import make_agency, make_settings
from tests.factories.referrals import make_referral


@pytest.fixture
def desk(app, change):
    """A council with a school; returns the school's id."""
    with change() as session:
        make_settings(session)
        return make_agency(session, AgencyKind.EDUCATION, "Oakfield Primary").id


@pytest.fixture
def triage(signed_in, desk):
    return signed_in(Role.TRIAGE)


@pytest.fixture
def referral(change, desk):
    with change() as session:
        return make_referral(session, received_at=now(), consent=None).ref
