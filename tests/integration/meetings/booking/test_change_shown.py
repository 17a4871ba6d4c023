"""What the page of a change shows is what is sent: letter for letter, and to nobody else (C7)."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.session import db, reading, transaction
from app.directory.models import LinePin, Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.changes_shown import NEW_PIN_IN_WORDS
from app.meetings.booking.letters_shown import LINK_IN_WORDS, PIN_IN_WORDS
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer
from app.outbox.models import OutboxMessage
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_person
from tests.page_form import form_of

_LETTER = re.compile(
    r"<summary[^>]*><span[^>]*>(?P<what>\w+): (?P<name>.*?)</span></summary>.*?"
    r"<strong>Subject:</strong> (?P<subject>.*?)</p>.*?"
    r"<pre[^>]*>(?P<text>.*?)</pre>",
    re.DOTALL,
)
_KINDS = {"update": "Update", "invitation": "Invitation", "cancellation": "Cancellation"}


@pytest.fixture
def booked(app, desk, case):
    """Booked by one press; the police are a duty desk. Gives the change page's address."""
    with app.app_context(), transaction() as session:
        session.get(Professional, case["cait"]).is_team = True
    where = f"/discussions/{case['ref']}/book"
    fields = form_of(desk.get(where).text, where)
    assert desk.post(where, data=fields | {"do": "send"}).status_code == 303
    return f"/discussions/{case['ref']}/change"


@pytest.fixture
def others(app):
    """A doctor in the directory and another chair."""
    with app.app_context(), transaction() as session:
        doctor = make_person(session, ProfessionalRole.GP, name="Dr Found Later", is_team=True)
        silent = make_person(
            session, ProfessionalRole.TEACHER, AgencyKind.EDUCATION, name="No Mail", email=None
        )
        return {
            "doctor": doctor.id,
            "silent": silent.id,
            "chair": make_staff(session, Role.CHAIR, name="Helen Marsh").id,
        }


def _later(_others):
    local = in_london(now() + timedelta(days=2))
    return {
        "slot": "other", "other-day": f"{local.day}", "other-month": f"{local.month}",
        "other-year": f"{local.year}", "other-time": "11:15",
    }  # fmt: skip


def _without(number):
    return lambda _others: {
        f"people-{number}-come": None,
        f"people-{number}-reason": "Not involved any more",
    }


def _added(others):
    return {"people-8-key": "added-1", "people-8-come": "y", "people-8-person": others["doctor"]}


CHANGES = {
    "time": (_later,),
    "length": (lambda _others: {"minutes": "60"},),
    "place": (lambda _others: {"format": "meeting", "place": "Room 4, Civic Centre"},),
    "place that gives away": (
        lambda _others: {"format": "meeting", "place": "With Amara", "place_untold": "y"},
    ),
    "dial-in": (lambda _others: {"dial_in": "020 7946 0155", "dial_in_pin": "4711"},),
    "new PIN": (lambda _others: {"new_pin": "y"},),
    "chair": (lambda others: {"chair": str(others["chair"])},),
    "removed": (_without(0),),
    "added": (_added,),
    "all at once": (_later, _without(1), _added),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_page_shows_what_is_sent(app, desk, booked, others, name):
    fields = _changed(desk, booked, others, name)
    shown = _shown(desk.post(f"{booked}/preview", data=fields).text)
    before = _pin(app, booked)
    first = len(_queued(app))
    answer = desk.post(booked, data=fields | {"do": "send"})
    assert answer.status_code == 303
    pin = _pin(app, booked)
    words = PIN_IN_WORDS if pin == before else NEW_PIN_IN_WORDS
    sent = [_told(row, pin, words) for row in _queued(app)[first:]]
    assert sorted(shown) == sorted(sent)
    assert shown


@pytest.mark.parametrize("name", ["time", "place", "new PIN", "removed"])
def test_the_page_shows_what_is_sent_to_those_who_answered(app, desk, booked, others, name):
    answers = itertools.cycle([Answer.ATTEND, Answer.REPORT, Answer.TENTATIVE, Answer.DECLINED])
    with app.app_context(), transaction() as session:
        for invitee in session.execute(select(Invitee).order_by(Invitee.id)).scalars():
            invitee.answer = next(answers)
    test_the_page_shows_what_is_sent(app, desk, booked, others, name)


def _changed(desk, booked, others, name):
    fields = form_of(desk.get(booked).text, booked)
    for change in CHANGES[name]:
        fields |= change(others)
    return {key: value for key, value in fields.items() if value is not None}


def _shown(html):
    return [
        (found["what"], *(_plain(unescape(found[part])) for part in ("subject", "text")))
        for found in _LETTER.finditer(html)
    ]


def _told(row, pin, words):
    parsed = message_from_bytes(row.content, policy=policy.default)
    text = parsed.get_body(("plain",)).get_content()
    text = re.sub(r"https?://\S+/i/\S+", LINK_IN_WORDS, text)
    return _KINDS[row.kind], str(parsed["Subject"]), _plain(text.replace(pin or "no PIN", words))


def _plain(text):
    return " ".join(text.split())


def _queued(app):
    with app.app_context():
        rows = list(reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars())
        db.session.remove()
    return rows


def _pin(app, booked):
    with app.app_context():
        ref = booked.split("/")[2]
        meeting = reading().execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        held = reading().get(LinePin, meeting.pin_id) if meeting.pin_id else None
        pin = held.pin if held else None
        db.session.remove()
    return pin


def test_who_gets_nothing_is_said_with_the_reason(app, desk, booked, others, case):
    fields = form_of(desk.get(booked).text, booked)
    assert "Nothing is changed yet: nobody gets a letter." in desk.get(booked).text
    fields |= _added({"doctor": others["silent"]}) | {"people-8-telephone_only": "y"}
    said = desk.post(f"{booked}/preview", data=fields).text
    assert "No letter, because nothing in their entry changes: " in said and "Vera Visitor" in said
    assert "Please telephone: No Mail." in said
    with app.app_context(), transaction() as session:
        visitor = select(Invitee).where(Invitee.professional_id == case["visitor"])
        session.execute(visitor).scalar_one().answer = Answer.DEPUTY
    said = desk.post(f"{booked}/preview", data=fields | {"minutes": "60"}).text
    assert "No letter, because a colleague comes instead: Vera Visitor." in said


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"slot": "other"}, "Choose a time"),
        ({"format": "nonsense"}, "Choose how it is held"),
        ({"dial_in": "not a number"}, "to see who gets what"),
        ({"minutes": "nonsense"}, "nobody gets a letter"),
    ],
)
def test_half_a_change_shows_no_letters_and_says_what_is_missing(desk, booked, typed, words):
    fields = form_of(desk.get(booked).text, booked) | typed
    answer = desk.post(f"{booked}/preview", data=fields)
    assert answer.status_code == 200
    assert words in answer.text and "app-letter__text" not in answer.text
