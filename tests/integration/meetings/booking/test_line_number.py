"""A number that stands in invitations is not changed behind the backs of the invited (C7)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.session import db, reading, transaction
from app.directory.models import ConferenceLine
from app.meetings.models import LineQuarter
from tests.page_form import form_of


@pytest.fixture
def line(app, desk, case):
    """The line that a discussion is booked on: its page, and who may change it."""
    where = f"/discussions/{case['ref']}/book"
    fields = form_of(desk.get(where).text, where)
    assert desk.post(where, data=fields | {"do": "send"}).status_code == 303
    with app.app_context():
        number = reading().execute(select(ConferenceLine.id)).scalar_one()
        db.session.remove()
    return desk, f"/council/lines/{number}"


def test_a_number_that_people_were_invited_to_stays(app, line):
    admin, where = line
    fields = form_of(admin.get(where).text, where)
    answer = admin.post(where, data=fields | {"telephone": "020 7946 0999"})
    assert answer.status_code == 422
    assert "1 discussion is booked on this line, until " in answer.text
    assert "Add a new line with the new number" in answer.text
    assert "020 7946 0999" in answer.text
    # Its name stands in no invitation.
    fields = form_of(admin.get(where).text, where)
    assert admin.post(where, data=fields | {"name": "Blue line"}).status_code == 303
    assert _told(app) == [False]


def test_once_nobody_has_the_line_its_number_changes_and_the_audit_says_so(app, line):
    admin, where = line
    with app.app_context(), transaction() as session:
        for quarter in session.execute(select(LineQuarter)).scalars():
            session.delete(quarter)
    fields = form_of(admin.get(where).text, where)
    assert admin.post(where, data=fields | {"telephone": "020 7946 0999"}).status_code == 303
    assert _told(app) == [True]


def _told(app):
    with app.app_context():
        rows = reading().execute(select(AuditEntry).where(AuditEntry.action == "line changed"))
        found = [one.details["number_changed"] for one in rows.scalars()]
        db.session.remove()
    return found
