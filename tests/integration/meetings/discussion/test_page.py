"""The chair's page, with its script and without."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.accounts.types import Role
from app.core.session import transaction
from app.meetings.types import MeetingState
from tests.factories.meetings import make_meeting


@pytest.fixture
def ref(app) -> str:
    with app.app_context(), transaction() as session:
        return make_meeting(session, MeetingState.UNDER_WAY, invitees=4).ref


def page_of(browser: FlaskClient, ref: str) -> str:
    answer = browser.get(f"/discussions/{ref}/hold")
    assert answer.status_code == 200
    return answer.text


def test_page_shows(signed_in, ref):
    text = page_of(signed_in(Role.CHAIR), ref)
    assert "Decisions for Amara Okonjo" in text
