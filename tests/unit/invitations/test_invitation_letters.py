"""The letters, byte by byte, against D1 and D2: read back by two calendar libraries."""

from __future__ import annotations

import base64
import quopri
import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from app.core.mail import FinishedMessage, UnsafeHeader
from app.invitations.letters import code_letter, letters, preview
from app.invitations.link_letters import link_letters
from app.invitations.types import (
    Appointment,
    Change,
    Desk,
    DialIn,
    LetterKind,
    PartStat,
)
from tests.clock import FRIDAY
from tests.factories.mail import DESK, MEETING, make_addressee
from tests.unit.invitations.letter_reading import event, every_word, one, parsed, part, plain

MEETING_KINDS = (
    LetterKind.INVITATION,
    LetterKind.UPDATE,
    LetterKind.CANCELLATION,
    LetterKind.REMINDER,
)


def test_one_message_each_in_order_with_one_recipient_and_no_copies():
    people = [make_addressee(name) for name in ("Amina Okafor", "Ben Hughes", "Duty desk")]
    made = letters(LetterKind.INVITATION, DESK, MEETING, people, FRIDAY)
    assert [m.recipient for m in made] == [p.email for p in people]
    assert len({m.message_id for m in made}) == 3
    for person, message in zip(people, made, strict=True):
        mail = parsed(message)
        assert [a.addr_spec for a in mail["To"].addresses] == [person.email]
        assert len(mail.get_all("To")) == len(mail.get_all("From")) == 1
        assert mail["Cc"] is None
        assert mail["Bcc"] is None
        assert mail["Message-ID"] == message.message_id
        others = [p for p in people if p is not person]
        assert not any(p.email in every_word(message) for p in others)
        assert not any(p.link in every_word(message) for p in others)
        assert not any(p.uid in every_word(message) for p in others)


def test_from_is_the_organizer():
    message = one()
    assert [a.addr_spec for a in parsed(message)["From"].addresses] == [DESK.email]
    assert str(event(message)["ORGANIZER"]) == f"mailto:{DESK.email}"


def test_structure_of_an_invitation():
    mail = parsed(one())
    assert mail.get_content_type() == "multipart/mixed"
    alternative, attached = mail.get_payload()
    assert alternative.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in alternative.get_payload()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    calendar = alternative.get_payload()[2]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_charset() == "utf-8"
    assert calendar.get_content_disposition() == "inline"
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_payload(decode=True) == calendar.get_payload(decode=True)


def test_entry_of_an_invitation():
    person = make_addressee("Zoë O'Brien", partstat=PartStat.TENTATIVE, sequence=0)
    entry = event(one(person=person))
    assert uuid.UUID(str(entry["UID"])).version == 4
    assert str(entry["UID"]) == person.uid
    assert entry["SEQUENCE"] == 0
    assert entry["DTSTAMP"].dt == FRIDAY
    assert entry["DTSTART"].dt == MEETING.starts_at
    assert entry["DTEND"].dt == MEETING.ends_at
    assert entry["DTSTART"].to_ical().endswith(b"Z")
    assert str(entry["SUMMARY"]) == "Multi-agency meeting SD-7K3M-9QXA"
    assert str(entry["LOCATION"]) == "Telephone conference"
    for needed in ("020 7946 0123", "482913#", "020 7946 0100"):
        assert needed in str(entry["DESCRIPTION"])
    conference = entry["CONFERENCE"]
    assert str(conference) == "tel:+442079460123"
    assert conference.params["FEATURE"] == "PHONE"
    attendee = entry["ATTENDEE"]
    assert str(attendee) == f"mailto:{person.email}"
    assert dict(attendee.params) == {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "TENTATIVE",
        "RSVP": "TRUE",
        "CN": "Zoë O'Brien",
    }
    assert (entry["STATUS"], entry["CLASS"], entry["TRANSP"]) == ("CONFIRMED", "PRIVATE", "OPAQUE")
    assert len(entry.walk("VALARM")) == 1


def test_team_and_chair_are_told_apart():
    assert event(one(person=make_addressee(is_team=True)))["ATTENDEE"].params["CUTYPE"] == "GROUP"
    assert event(one(person=make_addressee(chairs=True)))["ATTENDEE"].params["ROLE"] == "CHAIR"


def test_cancellation_has_no_pin_no_conference_no_alarm_and_no_link():
    person = make_addressee(sequence=3)
    message = one(LetterKind.CANCELLATION, person)
    assert part(message, "text/calendar").get_param("method") == "CANCEL"
    entry = event(message)
    assert entry["STATUS"] == "CANCELLED"
    assert entry["SEQUENCE"] == 3
    assert str(entry["UID"]) == person.uid
    assert "CONFERENCE" not in entry
    assert not entry.walk("VALARM")
    words = every_word(message)
    assert "482913" not in words
    assert "020 7946 0123" not in words
    assert person.link not in words


def test_reminder_carries_no_calendar_part_and_no_pin_in_its_subject():
    message = one(LetterKind.REMINDER)
    assert parsed(message).get_content_type() == "multipart/alternative"
    assert b"text/calendar" not in message.content
    assert "482913" not in message.subject
    assert "We do not have your answer yet" in plain(message)
    answered = one(LetterKind.REMINDER, make_addressee(partstat=PartStat.ACCEPTED))
    assert "your answer yet" not in plain(answered)


def test_update_keeps_uid_and_says_what_is_new():
    person = make_addressee(sequence=2)
    later = FRIDAY + timedelta(hours=1)
    first = letters(LetterKind.UPDATE, DESK, MEETING, [person], FRIDAY, {Change.TIME})[0]
    second = letters(LetterKind.UPDATE, DESK, MEETING, [person], later)[0]
    assert event(first)["SEQUENCE"] == 2
    assert event(first)["UID"] == event(second)["UID"] == person.uid
    assert event(second)["DTSTAMP"].dt == later
    assert "It has a new time." in plain(first)
    three = {Change.TIME, Change.PLACE, Change.DIAL_IN}
    every = letters(LetterKind.UPDATE, DESK, MEETING, [person], later, three)[0]
    assert "It has a new time, a new place and a new telephone number or PIN." in plain(every)


def test_whoever_has_answered_is_asked_again_only_for_another_time():
    person = make_addressee(partstat=PartStat.ACCEPTED)
    moved, elsewhere = (
        plain(letters(LetterKind.UPDATE, DESK, MEETING, [person], FRIDAY, {change})[0])
        for change in (Change.TIME, Change.PLACE)
    )
    assert "Please answer again" in moved
    assert "We have your answer" in elsewhere
    assert "Please answer" not in elsewhere
    assert "Please answer now" in plain(one())


def test_only_a_meeting_that_is_off_is_called_cancelled_in_the_subject():
    person = make_addressee()
    alone = letters(LetterKind.CANCELLATION, DESK, MEETING, [person], FRIDAY)[0]
    off = letters(LetterKind.CANCELLATION, DESK, MEETING, [person], FRIDAY, {Change.CALLED_OFF})[0]
    assert alone.subject.startswith("You need not attend: multi-agency meeting")
    assert off.subject.startswith("Cancelled: multi-agency meeting")
    assert (alone.subject, off.subject) == tuple(
        preview(LetterKind.CANCELLATION, DESK, MEETING, person, changed).subject
        for changed in ((), {Change.CALLED_OFF})
    )


def test_one_touch_dials_in_and_the_pin_is_not_in_the_address():
    html = part(one(), "text/html").get_content()
    assert re.findall(r'href="(tel:[^"]*)"', html) == ["tel:+442079460123"]
    nameless = replace(MEETING, dial_in=DialIn("ask the desk", ""))
    html = part(
        letters(LetterKind.INVITATION, DESK, nameless, [make_addressee()], FRIDAY)[0], "text/html"
    ).get_content()
    assert "tel:" not in html
    assert "PIN" not in html


def test_a_letter_has_one_button():
    for kind in MEETING_KINDS:
        html = part(one(kind), "text/html").get_content()
        assert html.count('href="http') == (0 if kind is LetterKind.CANCELLATION else 1)


def test_no_line_breaks_a_telephone_number():
    desk = Desk("R&A desk", "rna-desk@example.org", "020 7946 0100", "020 7946 0199")
    message = letters(LetterKind.INVITATION, desk, MEETING, [make_addressee()], FRIDAY)[0]
    text = part(message, "text/plain").get_content()
    for number in (desk.telephone, desk.out_of_hours):
        assert number in text


@pytest.mark.parametrize("kind", MEETING_KINDS)
def test_both_texts_say_when_how_and_what_is_asked(kind):
    message = one(kind)
    for text in (plain(message), part(message, "text/html").get_content()):
        assert "Monday 23 November 2026, 9:45 am to 10:45 am (UK time)" in text
        assert "020 7946 0100" in text.replace("\u00a0", " ")
        if kind is not LetterKind.CANCELLATION:
            assert "Answer and prepare" in text
            assert "You can also accept or decline in your calendar." in text


def test_html_fetches_nothing_and_runs_nothing():
    for kind in MEETING_KINDS:
        html = part(one(kind), "text/html").get_content()
        assert not re.search(r"<(img|script|link|iframe|object|form)\b|url\(|src=|@import", html)
        assert '<html lang="en-GB">' in html


@pytest.mark.parametrize("kind", MEETING_KINDS)
def test_lines_end_in_crlf_and_none_is_too_long(kind):
    message = one(kind, make_addressee("Ωμέγα Ελένη Παπαδοπούλου του Αγίου Νικολάου της Κρήτης"))
    assert b"\n" not in message.content.replace(b"\r\n", b"")
    assert b"\r" not in message.content.replace(b"\r\n", b"")
    assert max(len(line) for line in message.content.split(b"\r\n")) <= 78
    if kind is not LetterKind.REMINDER:
        entry = part(message, "text/calendar").get_payload(decode=True)
        assert entry.replace(b"\r\n", b"").count(b"\n") == 0
        assert max(len(line) for line in entry.split(b"\r\n")) <= 75
        for line in entry.split(b"\r\n"):
            line.decode()  # no character broken in two


@pytest.mark.parametrize("shift", range(4))
def test_no_character_is_broken_in_two_where_a_line_is_folded(shift):
    name = "x" * shift + "字" * 50
    entry = part(one(person=make_addressee(name)), "text/calendar").get_payload(decode=True)
    for line in entry.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert event(one(person=make_addressee(name)))["ATTENDEE"].params["CN"] == name


def test_a_second_library_reads_the_entry():
    content = part(one(person=make_addressee("Zoë")), "text/calendar").get_payload(decode=True)
    calendar = vobject.readOne(content.decode())
    assert calendar.method.value == "REQUEST"
    assert calendar.vevent.summary.value == "Multi-agency meeting SD-7K3M-9QXA"
    assert calendar.vevent.attendee.params["CN"] == ["Zoë"]
    assert calendar.vevent.dtstart.value == MEETING.starts_at


def forbidden(message: FinishedMessage) -> list[str]:
    words = every_word(message)
    # Also what base64 and quoted-printable would hide from a careless search.
    for block in re.findall(rb"(?:[A-Za-z0-9+/=]{60,76}\r\n)+", message.content):
        words += base64.b64decode(block + b"==", validate=False).decode("latin-1")
    words += quopri.decodestring(message.content).decode("utf-8", "replace")
    return re.findall(r"child\s*protection|strategy[\s_-]*(?:discussion|meeting)", words, re.I)


def test_forbidden_words_never_leave_even_when_people_type_them():
    desk = Desk("Child Protection Desk", "rna-desk@example.org", "020 7946 0100")
    place = Appointment(
        "SD-7K3M-9QXA",
        MEETING.starts_at,
        MEETING.ends_at,
        "Strategy\u00a0Discussion room, Child protection wing",
        MEETING.dial_in,
    )
    person = make_addressee("Police child-protection team", is_team=True)
    for kind in MEETING_KINDS:
        message = letters(kind, desk, place, [person], FRIDAY)[0]
        assert forbidden(message) == []
    for kind in (
        LetterKind.RECORD,
        LetterKind.ACTIONS,
        LetterKind.ACTIONS_SOON,
        LetterKind.ACTIONS_LATE,
        LetterKind.ACTIONS_HANDED,
    ):
        reader = (person.name, person.email, person.link)
        [message] = link_letters(kind, desk, "SD-1", [reader], FRIDAY)
        assert forbidden(message) == []
    assert forbidden(code_letter(desk, person.name, person.email, "123456", FRIDAY)) == []


HOSTILE = (
    "Ann\r\nBcc: spy@evil.example",
    "Ann\nBcc: spy@evil.example",
    "=?utf-8?q?x=0D=0ABcc:spy@evil.example?=",
    'Ann" <spy@evil.example>, "x',
    "Ann <spy@evil.example>",
    "spy@evil.example, Ann",
    "Ann\u2028Bcc: spy@evil.example",
    "Ann;ROLE=CHAIR:mailto:spy@evil.example",
    'Ann":mailto:spy@evil.example',
    "Ann\x00\x1b[31m",
    "<script>alert(1)</script>",
    "\u202eelpmaxe",
    "  ",
    "",
    "é, <spy@evil.example>" * 8,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_a_header_an_address_or_markup(name):
    person = make_addressee(name)
    for kind in MEETING_KINDS:
        mail = parsed(one(kind, person))
        assert [a.addr_spec for a in mail["To"].addresses] == [person.email]
        assert mail["Bcc"] is None
        html = mail.get_body(("html",)).get_content()
        assert "<script" not in html
    entry = event(one(person=person))
    assert str(entry["ATTENDEE"]) == f"mailto:{person.email}"
    assert entry["ATTENDEE"].params["ROLE"] == "REQ-PARTICIPANT"


# About content, not speed: the first case also loads a library, on a machine that may be busy.
@given(name=st.text(max_size=120))
def test_any_name_gives_one_recipient(name):
    person = make_addressee(name)
    message = one(person=person)
    assert [a.addr_spec for a in parsed(message)["To"].addresses] == [person.email]
    entry = event(message)
    assert str(entry["ATTENDEE"]) == f"mailto:{person.email}"
    assert not entry.errors


@given(text=st.text(max_size=200))
def test_any_place_telephone_and_pin_leave_the_entry_whole(text):
    place = Appointment(
        "SD-1", MEETING.starts_at, MEETING.ends_at, text, type(MEETING.dial_in)(text, text)
    )
    message = letters(LetterKind.INVITATION, DESK, place, [make_addressee()], FRIDAY)[0]
    entry = event(message)
    assert entry["DTSTART"].dt == MEETING.starts_at
    assert not entry.errors
    assert len(entry.property_items(recursive=False)) == len(
        event(one()).property_items(recursive=False)
    ) - ("CONFERENCE" not in entry)


@pytest.mark.parametrize(
    "email",
    (
        "no-at-sign",
        "two@at@example.org",
        "a@b.example\r\nBcc: x@evil.example",
        "a b@example.org",
        "<a@example.org>",
        "a@example.org,b@example.org",
        "=?utf-8?q?x?=@example.org",
        "zoë@example.org",
        "a@[127.0.0.1]",
        "",
    ),
)
def test_an_address_that_is_none_is_refused(email):
    with pytest.raises(UnsafeHeader):
        one(person=make_addressee(email=email))


def test_code_stands_in_the_text_alone():
    message = code_letter(DESK, "Amina Okafor", "amina@police.example", "031337", FRIDAY)
    assert "031337" not in message.subject
    assert "031337" in part(message, "text/plain").get_content()
    assert "031337" in part(message, "text/html").get_content()
    assert parsed(message)["Auto-Submitted"] == "auto-generated"
    assert message.kind == "code"


def test_link_letters_have_the_link_and_no_content():
    reader = ("Amina", "amina@police.example", "https://x.example/i/t")
    [message] = link_letters(LetterKind.RECORD, DESK, "SD-1", [reader], FRIDAY)
    assert message.subject == "The record of multi-agency meeting SD-1 is ready"
    assert "https://x.example/i/t" in part(message, "text/plain").get_content()
    assert message.kind == "record"


def test_preview_is_what_is_sent():
    person = make_addressee()
    shown = preview(LetterKind.INVITATION, DESK, MEETING, person)
    message = one(person=person)
    assert shown.subject == message.subject
    assert shown.text == part(message, "text/plain").get_content().replace("\r\n", "\n")
    entry = event(message)
    assert dict(shown.entry)["Title"] == str(entry["SUMMARY"])
    assert dict(shown.entry)["Notes"] == str(entry["DESCRIPTION"])


def test_a_desk_says_who_answers_when_it_is_shut():
    desk = Desk("R&A desk", "rna-desk@example.org", "020 7946 0100", "020 7946 0199")
    message = letters(LetterKind.INVITATION, desk, MEETING, [make_addressee()], FRIDAY)[0]
    words = " ".join(part(message, "text/plain").get_content().split())
    assert "on 020 7946 0100, outside office hours on 020 7946 0199, or reply" in words
    assert "Outside office hours: 020 7946 0199" in str(event(message)["DESCRIPTION"])


def test_a_desk_without_telephone_says_nothing_empty():
    desk = Desk("R&A desk", "rna-desk@example.org", "")
    message = letters(LetterKind.INVITATION, desk, MEETING, [make_addressee()], FRIDAY)[0]
    assert "on ," not in part(message, "text/plain").get_content()
    assert "Desk:" not in str(event(message)["DESCRIPTION"])


def test_a_time_in_the_hour_that_comes_twice_says_by_which_clock():
    begins = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    night = replace(MEETING, starts_at=begins, ends_at=begins + timedelta(minutes=45))
    [message] = letters(LetterKind.INVITATION, DESK, night, [make_addressee("A")], FRIDAY)
    assert "1:30 am BST to 1:15 am GMT (UK time)" in plain(message)
    assert parsed(message)["Subject"].endswith("Sunday 25 October 2026 at 1:30 am BST")
