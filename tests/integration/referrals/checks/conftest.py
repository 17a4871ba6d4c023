"""Requests to agencies about a red referral in Sandwell."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.referrals.types import Rating
from tests.factories.checks import Fresh
from tests.factories.directory import make_settings
from tests.factories.referrals import make_referral


@pytest.fixture(autouse=True)
def fresh_browsers(app):
    app.test_client_class = Fresh


@pytest.fixture
def held(in_app):
    """A red referral in Sandwell that came in now."""
    with transaction() as session:
        referral = make_referral(session, received_at=now(), rating=Rating.RED)
        make_settings(session, "sandwell")
        return referral


@pytest.fixture
def triage(signed_in, held):
    return signed_in(Role.TRIAGE)
