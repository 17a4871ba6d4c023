"""A number that stands in invitations is not changed behind the backs of the invited (C7)."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory import queries as directory_queries
from app.directory import service as directory
from app.directory.models import ConferenceLine
from app.meetings.booking import diary_queries
from app.meetings.booking import service as booking
from app.meetings.models import LineQuarter
from app.outbox.models import OutboxMessage
from tests.at_once import at_once
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member, make_order, make_ready
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


NEW = "020 7946 0999"


@pytest.fixture
def wanted(in_app):
    """A line that somebody books and somebody else gives another number in the same instant."""
    with transaction() as session:
        ready = make_ready(session)
        admin = make_staff(session, Role.ADMINISTRATOR)
        chair, admin = make_member(ready.chair), make_member(admin)
        ref, line_id, old = ready.meeting.ref, ready.line.id, ready.line.telephone
    order = make_order(ready, people=1)

    def book(session):
        return booking.book(session, chair, ref, order, SENDER, FRIDAY)

    def renumber(session):
        line = directory_queries.line(session, line_id)
        directory.edit_line(
            session, admin.actor, line, line.name, NEW, FRIDAY, diary_queries.booked_on_line
        )

    return book, renumber, old


def test_booked_first_the_number_stays(app, wanted):
    book, renumber, old = wanted
    first, second = at_once(app, book, renumber)
    assert not isinstance(first, Exception)
    assert isinstance(second, Refused) and second.field == "telephone"
    assert all(old in words and NEW not in words for words in _letters())
    assert reading().execute(select(ConferenceLine.telephone)).scalar_one() == old


def test_changed_first_the_invitations_give_the_new_number(app, wanted):
    book, renumber, old = wanted
    results = at_once(app, renumber, book)
    assert not [one for one in results if isinstance(one, Exception)]
    assert all(NEW in words and old not in words for words in _letters())


def _letters():
    """What was queued, in plain words."""
    held = reading().execute(select(OutboxMessage.content)).scalars().all()
    assert held
    return [
        message_from_bytes(one, policy=policy.default).get_body(("plain",)).get_content()
        for one in held
    ]


def _told(app):
    with app.app_context():
        rows = reading().execute(select(AuditEntry).where(AuditEntry.action == "line changed"))
        found = [one.details["number_changed"] for one in rows.scalars()]
        db.session.remove()
    return found
