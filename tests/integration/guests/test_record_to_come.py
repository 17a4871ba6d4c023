"""What an invited person reads of a signed record before their copy can be read (D4, F5)."""

from __future__ import annotations

from flask import Flask

from app.core.session import transaction
from app.meetings.models import Meeting
from app.records import worker
from tests.factories.guests import Phone, make_guest_session
from tests.factories.records import make_signed
from tests.integration.records.circulating import AFTER, release, settings_of

TO_COME, NONE = "It is being sent round", "There is no copy for you to read here"


def phone_of(app: Flask, number: int) -> Phone:
    with transaction() as session:
        reader = session.get_one(Meeting, number).invitees[1]
        return Phone(app, make_guest_session(session, reader))


def test_it_is_to_come_until_it_was_released_and_made(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
    phone = phone_of(in_app, meeting.id)
    page = phone.get("/attend").text
    assert TO_COME in page and NONE not in page
    with transaction() as session:
        release(session, session.get_one(Meeting, meeting.id))
    assert TO_COME in phone.get("/attend").text
    worker.make_copies(settings_of(in_app), AFTER)
    page = phone.get("/attend").text
    assert TO_COME not in page and NONE not in page


def test_whose_copy_is_withheld_or_who_gets_none_telephones(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
        reader = meeting.invitees[1].id
        release(session, meeting, {reader: "Handed over in person"})
    page = phone_of(in_app, meeting.id).get("/attend").text
    assert NONE in page and TO_COME not in page
