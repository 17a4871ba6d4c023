"""Somebody who signs in by hand, for every test of signing in."""

from __future__ import annotations

import pytest

from app.accounts.passwords import hash_password
from app.accounts.types import Role
from app.core.session import transaction
from tests.factories.accounts import make_staff

PASSWORD = "four words that differ"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="module")
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture
def person(app, password_hash):
    """A chair who signs in with PASSWORD and codes of SECRET: (id, email)."""
    with app.app_context(), transaction() as session:
        staff = make_staff(session, Role.CHAIR)
        staff.password_hash, staff.totp_secret = password_hash, SECRET
        session.flush()
        return staff.id, staff.email
