"""The booking page as its reader finds it, and what came of a press."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.session import db, reading
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from tests.page_form import form_of


def booking_form(browser: FlaskClient, case: dict[str, str]) -> tuple[str, dict[str, str], str]:
    """The page's address, its fields as they stand, and its text."""
    url = f"/discussions/{case['ref']}/book"
    answer = browser.get(url)
    assert answer.status_code == 200, answer.text
    return url, form_of(answer.text, url), answer.text


def sent_to(app: Flask) -> list[str]:
    with app.app_context():
        found = list(reading().execute(select(OutboxMessage.recipient)).scalars())
        db.session.remove()
    return found


def state_of(app: Flask, case: dict[str, str]) -> MeetingState:
    with app.app_context():
        found = reading().execute(select(Meeting).where(Meeting.ref == case["ref"])).scalar_one()
        state = found.state
        db.session.remove()
    return state
