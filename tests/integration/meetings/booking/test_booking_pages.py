"""The booking page as a browser sees it: one press books; what is wrong stands by its field."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.clock import now
from app.core.scanning import scanner
from app.core.session import db, reading, transaction
from app.directory.models import LinePin
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.referrals.models import Referral, ReferralAdult
from tests.factories.meetings import make_meeting
from tests.integration.meetings.booking.page import booking_form, sent_to, state_of
from tests.page_form import form_of

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_one_press_books_with_everything_preselected(app, desk, case, headers):
    url, fields, html = booking_form(desk, case)
    assert "Vera Visitor" in html and "Actively involved" in html
    answer = desk.post(url, data=fields | {"do": "send"}, headers=headers)
    there = f"/discussions/{case['ref']}"
    if headers:
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, there)
    else:
        assert (answer.status_code, answer.headers["Location"]) == (303, there)
    assert state_of(app, case) is MeetingState.BOOKED
    assert len(sent_to(app)) == 4  # chair, police, health, school (who referred)
    page = desk.get(there)
    assert page.status_code == 200
    assert "not sent yet" in page.text
    assert "0 of 3 have answered" in page.text


def test_the_page_shows_exactly_the_letters_without_the_pin(app, desk, case):
    _url, _fields, html = booking_form(desk, case)
    assert "4 letters, each to one address alone" in html
    assert "the PIN of this meeting stands here" in html
    with app.app_context():
        pins = list(reading().execute(select(LinePin)).scalars())
        assert not any(pin.pin in html for pin in pins)
        db.session.remove()


def test_a_letter_to_a_place_not_typed_yet_does_not_say_telephone_conference(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    asked = fields | {"format": "meeting", "place": "", "do": "preview"}
    letters = desk.post(url, data=asked).text.partition("<pre")[2]
    assert "(the place stands here)" in letters
    assert "Telephone conference" not in letters


def test_the_other_letters_come_when_they_are_opened(app, desk, case):
    url, fields, html = booking_form(desk, case)
    assert html.count("<pre") == 1 and "Dear Vera Visitor," not in html
    names = re.findall(r"app-letter.*?details__summary-text\">([^<]+)<", html, re.DOTALL)
    asked = fields | {"letter": str(names.index("Vera Visitor"))}
    opened = desk.post(f"{url}/preview", data=asked, headers=HTMX).text
    assert opened.count("<pre") == 1 and "Dear Vera Visitor," in opened
    assert "<html" not in opened and "booking-notes" not in opened
    every = desk.post(url, data=fields | {"do": "preview"}).text
    assert every.count("<pre") == 4 and "Dear Vera Visitor," in every
    assert sent_to(app) == []


@pytest.mark.parametrize("letter", ["99", "-1", "x", ""])
def test_a_letter_that_is_not_there_gives_the_first(desk, case, letter):
    url, fields, _html = booking_form(desk, case)
    answer = desk.post(f"{url}/preview", data=fields | {"letter": letter}, headers=HTMX)
    assert answer.status_code == 200


def test_sent_twice_it_books_once(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    first = desk.post(url, data=fields | {"do": "send"})
    second = desk.post(url, data=fields | {"do": "send"})
    assert first.headers["Location"] == second.headers["Location"]
    assert len(sent_to(app)) == 4


@pytest.mark.parametrize(
    ("changes", "link", "words"),
    [
        ({"slot": "other"}, "#other", "Enter the date and the time"),
        ({"slot": "2020-01-01T10:00:00+00:00"}, "#slot", "in the past"),
        ({"slot": "nonsense"}, "#slot", "Choose a time"),
        ({"chair": "99999"}, "#chair", "choose another chair"),
        ({"line": "99999"}, "#line", "no longer in use"),
        ({"format": "meeting", "place": ""}, "#place", "where the meeting takes place"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_wrong_stands_by_its_field_and_nothing_typed_is_lost(
    app, desk, case, changes, link, words, headers
):
    url, fields, _html = booking_form(desk, case)
    fields |= changes | {"search": "kept words <b>", "do": "send"}
    answer = desk.post(url, data=fields, headers=headers)
    assert answer.status_code == 422
    assert f'href="{link}"' in answer.text
    assert words in answer.text
    assert "kept words &lt;b&gt;" in answer.text
    assert ("<html" in answer.text) == (not headers)
    assert fields["nonce"] in answer.text
    assert sent_to(app) == []


def test_a_time_after_the_deadline_needs_its_reason(app, desk, case):
    with app.app_context(), transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        meeting.due_at = now() + timedelta(minutes=5)
    url, fields, html = booking_form(desk, case)
    late = re.findall(r'value="(20[^"]+)"', html)[-1]
    answer = desk.post(url, data=fields | {"slot": late, "do": "send"})
    assert answer.status_code == 422
    assert 'href="#late_reason"' in answer.text
    done = desk.post(
        url, data=fields | {"slot": late, "late_reason": "Police free then", "do": "send"}
    )
    assert done.status_code == 303
    assert "Booked after the deadline" in desk.get(done.headers["Location"]).text


@pytest.mark.parametrize(
    "place", ["14 Mill Lane", "MB1 2AB, upstairs", "Home of Grace Adebayo", "flat 2"]
)
def test_a_place_that_gives_the_family_away_is_asked_about_and_told_in_no_letter(
    app, desk, case, place
):
    with app.app_context(), transaction() as session:
        referral = session.execute(select(Referral)).scalar_one()
        referral.children[0].child.address = "Flat 2, 14 Mill Lane, Millbrook MB1 2AB"
        session.add(
            ReferralAdult(
                referral_id=referral.id, name="Grace Adebayo", relationship_to_child="Mother",
                parental_responsibility=True, in_household=True, alleged_perpetrator=False,
                under_18=False, employer_id=None,
            )
        )  # fmt: skip
    url, fields, _html = booking_form(desk, case)
    fields |= {"format": "meeting", "place": place, "do": "send"}
    asked = desk.post(url, data=fields)
    assert asked.status_code == 422 and sent_to(app) == []
    assert re.search(r'id="place-error"[^>]*>.*This names the family, their street', asked.text)
    again = form_of(asked.text, url) | {"place_untold": "y", "do": "send"}
    assert desk.post(url, data=again).status_code == 303
    with app.app_context():
        letters = reading().execute(select(OutboxMessage)).scalars().all()
        assert letters and not any(place.encode() in one.content for one in letters)
        assert reading().execute(select(Meeting.place)).scalar_one() == place
        db.session.remove()
    # What stands is not asked about again.
    change = f"/discussions/{case['ref']}/change"
    kept = form_of(desk.get(change).text, change) | {"new_pin": "y", "do": "send"}
    assert desk.post(change, data=kept).status_code == 303


def test_a_place_that_names_nobody_is_not_asked_about(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    fields |= {"format": "meeting", "place": "Civic Centre, room 4", "do": "send"}
    assert desk.post(url, data=fields).status_code == 303


def test_what_speaks_against_a_time_is_said_while_it_is_typed(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    night = {"slot": "2031-03-05T02:00:00+00:00"}
    answer = desk.post(f"{url}/preview", data=fields | night, headers=HTMX)
    assert 'id="booking-notes" hx-swap-oob' in answer.text
    assert "outside office hours" in answer.text and "after the deadline" in answer.text


def test_a_call_is_booked_by_another_dial_in_when_all_lines_are_taken(app, desk, case):
    with app.app_context(), transaction() as session:
        for pin in session.execute(select(LinePin)).scalars():
            pin.used_at = now()
    url, fields, html = booking_form(desk, case)
    assert "type another dial-in" in html
    fields |= {"dial_in": "020 7946 0155", "dial_in_pin": "4711"}
    slot = re.search(r'name="slot"[^>]*value="(20[^"]+)"', desk.post(url, data=fields).text)[1]
    done = desk.post(url, data=fields | {"slot": slot, "do": "send"})
    assert done.status_code == 303
    assert "020 7946 0155" in desk.get(done.headers["Location"]).text


def test_the_preview_follows_the_form_and_changes_nothing(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    day = datetime(2031, 3, 4, 11, 0, tzinfo=UTC)
    typed = {"slot": day.isoformat(), "do": "send"}
    answer = desk.post(f"{url}/preview", data=fields | typed, headers=HTMX)
    assert answer.status_code == 200
    assert "Tuesday 4 March 2031" in answer.text
    assert state_of(app, case) is MeetingState.NEEDED


@pytest.mark.parametrize(
    "forged",
    [
        {"format": "xyz"},
        {"minutes": "99999999999"},
        {"minutes": "-5"},
        {"slot": "9999-12-31T23:59:00+00:00"},
        {"slot": "0001-01-01T00:00:00+00:00"},
    ],
)
def test_what_nobody_chose_is_refused_and_no_fault(desk, case, forged):
    url, fields, _html = booking_form(desk, case)
    assert desk.post(f"{url}/preview", data=fields | forged, headers=HTMX).status_code == 200
    assert desk.post(url, data=fields | forged | {"do": "send"}).status_code == 422
    assert desk.post(url, data=fields | forged | {"do": "find"}).status_code in (200, 422)


def test_a_change_tells_everybody_once(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    desk.post(url, data=fields | {"do": "send"})
    where = f"/discussions/{case['ref']}/change"
    page = desk.get(where)
    change = form_of(page.text, where)
    nothing = desk.post(where, data=change | {"do": "send"})
    assert nothing.status_code == 422
    assert "Nothing was changed" in nothing.text
    slots = re.findall(r'name="slot"[^>]*value="(20[^"]+)"', page.text)
    chosen = next(value for value in slots if value != fields["slot"])
    done = desk.post(where, data=change | {"slot": chosen, "do": "send"})
    assert done.status_code == 303
    assert "4 updates" in desk.get(done.headers["Location"]).text
    assert len(sent_to(app)) == 8


def test_a_removal_in_the_page_needs_its_reason(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    desk.post(url, data=fields | {"do": "send"})
    where = f"/discussions/{case['ref']}/change"
    change = form_of(desk.get(where).text, where)
    del change["people-0-come"]
    assert desk.post(where, data=change | {"do": "send"}).status_code == 422
    change["people-0-reason"] = "Not involved"
    assert desk.post(where, data=change | {"do": "send"}).status_code == 303


def _visitor(app, case) -> int:
    """The health visitor's place among the invited."""
    with app.app_context():
        visitor = select(Invitee.id).where(Invitee.professional_id == case["visitor"])
        found = reading().execute(visitor).scalar_one()
        db.session.remove()
    return found


def test_cancel_remind_and_send_again(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    desk.post(url, data=fields | {"do": "send"})
    base = f"/discussions/{case['ref']}"
    one = _visitor(app, case)
    again = f"{base}/invitees/{one}/send-again"
    assert desk.post(again, data=form_of(desk.get(again).text, again)).status_code == 303
    assert len(sent_to(app)) == 5
    for path, more, status in (
        (f"{base}/remind", {}, 303),
        (f"{base}/cancel", {"reason": ""}, 422),
        (f"{base}/cancel", {"reason": "Held by telephone"}, 303),
    ):
        form = form_of(desk.get(path).text, path)
        assert desk.post(path, data=form | more).status_code == status
    assert state_of(app, case) is MeetingState.CANCELLED


def test_staff_note_an_answer_and_a_report(app, desk, case):
    url, fields, _html = booking_form(desk, case)
    desk.post(url, data=fields | {"do": "send"})
    base = f"/discussions/{case['ref']}"
    one = _visitor(app, case)
    path = f"{base}/invitees/{one}/answer"
    form = form_of(desk.get(path).text, path)
    assert desk.post(path, data=form).status_code == 422
    assert desk.post(path, data=form | {"answer": "dial_in"}).status_code == 303
    path = f"{base}/invitees/{one}/report"
    form = form_of(desk.get(path).text, path)
    assert desk.post(path, data=form | {"via": "telephone"}).status_code == 422
    sent = desk.post(path, data=form | {"via": "telephone", "body": "Weight is <low>"})
    assert sent.status_code == 303
    page = desk.get(base).text
    assert "Will dial in" in page and "by telephone" in page
    link = re.search(r'href="(/discussions/[^"]+/reports/\d+)"', page)[1]
    assert "Weight is &lt;low&gt;" in desk.get(link).text
    assert desk.get(f"{base}/now", headers=HTMX).status_code == 200


# A scanner that says "infected" where nobody else could write while it looks.
_TRIES_TO_WRITE = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    held.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.exit(1)
"""


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_nobody_waits_for_the_scanner_to_write(app, desk, tmp_path):
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, invitees=2)
        path = f"/discussions/{meeting.ref}/invitees/{meeting.invitees[1].id}/report"
        database = session.get_bind().url.database
    program = tmp_path / "scanner.py"
    program.write_text(_TRIES_TO_WRITE)
    scanner.use(f"command:{sys.executable} {program} {database}")
    try:
        file = (io.BytesIO(b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"), "a.pdf")
        form = form_of(desk.get(path).text, path) | {"via": "email", "file": file}
        assert desk.post(path, data=form).status_code == 303
    finally:
        scanner.use(None)


@pytest.mark.parametrize("path", ["", "/book", "/change", "/cancel", "/remind", "/now"])
def test_no_such_discussion(desk, case, path):
    assert desk.get(f"/discussions/SD-0000-0000{path}").status_code == 404


def test_an_invitee_of_another_discussion_is_not_found_here(app, desk, case):
    with app.app_context(), transaction() as session:
        stranger = make_meeting(session, invitees=2).invitees[1].id
    for page in ("answer", "report", "send-again"):
        path = f"/discussions/{case['ref']}/invitees/{stranger}/{page}"
        assert desk.get(path).status_code == 404
