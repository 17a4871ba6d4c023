"""Removing somebody from a call whose dial-in was typed: its PIN cannot change by itself (C4)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory.models import LinePin
from app.meetings.booking.concerned import check_locked_out
from app.meetings.models import Invitee
from app.outbox.models import OutboxMessage
from tests.page_form import form_of


@pytest.fixture
def change(app, desk, case):
    """The form of a change that removes the first person of a call with a typed dial-in."""
    with app.app_context(), transaction() as session:
        for pin in session.execute(select(LinePin)).scalars():
            pin.used_at = now()
    where = f"/discussions/{case['ref']}/book"
    fields = form_of(desk.get(where).text, where) | {"dial_in": "020 7946 0155"}
    slot = re.search(r'name="slot"[^>]*value="(20[^"]+)"', desk.post(where, data=fields).text)
    fields |= {"dial_in_pin": "4711", "slot": slot[1], "do": "send"}
    assert desk.post(where, data=fields).status_code == 303
    where = f"/discussions/{case['ref']}/change"
    fields = form_of(desk.get(where).text, where) | {"do": "send"}
    del fields["people-0-come"]
    return where, fields | {"people-0-reason": "Left the team"}


def _kinds(app):
    with app.app_context():
        found = reading().execute(select(OutboxMessage.kind).order_by(OutboxMessage.id)).scalars()
        kinds = list(found)[4:]
        db.session.remove()
    return sorted(kinds)


def test_a_removal_asks_for_another_dial_in_or_why_it_stays(app, desk, change):
    where, fields = change
    answer = desk.post(where, data=fields)
    assert answer.status_code == 422
    assert 'href="#dial_in"' in answer.text and "knows this dial-in" in answer.text
    assert form_of(answer.text, where)["people-0-reason"] == "Left the team"
    assert _kinds(app) == []


def test_another_dial_in_locks_out_who_was_removed(app, desk, change):
    where, fields = change
    assert desk.post(where, data=fields | {"dial_in_pin": "9022"}).status_code == 303
    assert _kinds(app) == ["cancellation", "update", "update", "update"]


def test_why_it_stays_is_kept_and_shown(app, desk, change):
    where, fields = change
    done = desk.post(where, data=fields | {"dial_in_kept": "She never had the <b> letter"})
    assert done.status_code == 303
    assert _kinds(app) == ["cancellation"]
    page = desk.get(done.headers["Location"]).text
    assert "The dial-in that they know stays" in page and "She never had the &lt;b&gt;" in page
    with app.app_context():
        gone = select(Invitee).where(Invitee.removed_at.is_not(None))
        kept = reading().execute(gone).scalar_one().dial_in_kept_reason
        db.session.remove()
    assert kept == "She never had the <b> letter"


def test_the_call_sheet_tells_a_typed_dial_in(desk, change):
    where, _fields = change
    sheet = desk.get(where.replace("/change", "/calls")).text
    assert '<a class="govuk-link" href="tel:+442079460155">020 7946 0155</a>, PIN 4711.' in sheet


@pytest.mark.parametrize(
    ("removed", "before", "after", "reason", "refused"),
    [
        (["A"], "1", "1", None, "A knows this"),
        (["A", "B", "C"], "1", "1", "", "A, B and C know this"),
        (["A"], "1", "1", "Never told", None),
        (["A"], "1", "2", None, None),
        (["A"], "1", None, None, None),
        (["A"], None, None, None, None),
        (["A"], None, "1", None, None),
        ([], "1", "1", None, None),
    ],
)
def test_who_must_be_locked_out(removed, before, after, reason, refused):
    if refused is None:
        check_locked_out(removed, before, after, reason)
        return
    with pytest.raises(Refused, match=refused):
        check_locked_out(removed, before, after, reason)
