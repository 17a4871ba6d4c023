"""One discussion with eight invitees, from the referral to its cancellation: every letter that a
real mail server took, and a search of all that was sent, asked for and logged."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.mail_journey.case import (
    CHILDREN,
    COLLEAGUE,
    HEALTH,
    PEOPLE,
    PINS,
    POLICE,
    QUALITY,
    RIGHT,
    SCHOOL_LEAD,
    TEACHER,
    TO_REMOVE,
    WRONG,
)
from tests.integration.mail_journey.letter import Letter
from tests.integration.mail_journey.seen import Journey
from tests.integration.mail_journey.third_reader import read_by_ical_js

WITH_ENTRY = ("booked", "moved", "removed", "resent", "deputy", "corrected", "cancelled")
CODES = ("code", "colleague's code")
TO_STAFF = ("record due", "record late")
OF_ACTIONS = ("actions due", "actions late")
OF_CONFERENCES = ("conference likely", "conference not needed")
DISAGREED = ("disagrees", "disagreement late")
BEHIND_LINKS = ("asked", "chased", "written")
BY_THE_FORM = ("form put aside", "form code", "form sent")
EVERY_STEP = (
    *WITH_ENTRY, *CODES, "reminded", "told", *TO_STAFF, *OF_ACTIONS, *DISAGREED,
    *OF_CONFERENCES,
    *BEHIND_LINKS, *BY_THE_FORM, "feedback",
)  # fmt: skip


def everybody(journey: Journey) -> set[str]:
    return {email for *_, email in PEOPLE} | {journey.chair}


def at_the_end(journey: Journey) -> set[str]:
    """Everybody who is still asked when it is called off."""
    return (everybody(journey) | {COLLEAGUE, RIGHT}) - {TO_REMOVE, HEALTH, WRONG}


def to(letters: list[Letter], email: str) -> Letter:
    [found] = [letter for letter in letters if letter.recipient == email]
    return found


def entries(journey: Journey) -> list[Letter]:
    return [letter for step in WITH_ENTRY for letter in journey.steps[step]]


# Who gets what


def test_eight_invitations_and_the_chairs_own(journey: Journey) -> None:
    recipients = [letter.recipient for letter in journey.steps["booked"]]
    assert len(recipients) == len(PEOPLE) + 1 == 9
    assert set(recipients) == everybody(journey)
    for letter in journey.steps["booked"]:
        assert letter.subject.startswith("Invitation: multi-agency meeting")
        assert letter.entry.method == "REQUEST"
        assert letter.entry.sequence == 0


def test_the_manager_is_told_once_that_it_comes_after_its_deadline(journey: Journey) -> None:
    [told] = journey.steps["told"]
    assert told.recipient == journey.chair
    assert journey.reference in told.text and told.token is None
    assert told.parts("text/calendar") == []


def test_a_new_time_updates_everybodys_entry(journey: Journey) -> None:
    assert sorted(letter.recipient for letter in journey.steps["moved"]) == sorted(
        everybody(journey)
    )
    for letter in journey.steps["moved"]:
        assert letter.entry.method == "REQUEST"
        assert letter.entry.sequence == 1
        assert "It has a new time." in letter.text
    # Moving the time locks nobody out (C4).
    assert journey.pins["moved"] == journey.pins["booked"]


def test_who_is_removed_gets_a_cancellation_alone_and_the_rest_a_new_pin(journey: Journey) -> None:
    letters = journey.steps["removed"]
    assert sorted(letter.recipient for letter in letters) == sorted(everybody(journey))
    assert journey.pins["removed"] != journey.pins["moved"]
    for letter in letters:
        assert letter.entry.sequence == 2
        assert journey.pins["moved"] not in letter.words
        if letter.recipient == TO_REMOVE:
            assert letter.entry.method == "CANCEL"
            assert journey.pins["removed"] not in letter.words
            assert letter.token is None
        else:
            assert letter.entry.method == "REQUEST"
            assert journey.pins["removed"] in letter.text
    assert TO_REMOVE not in [
        letter.recipient for step in ("reminded", "cancelled") for letter in journey.steps[step]
    ]


def test_a_code_goes_to_the_one_who_asked(journey: Journey) -> None:
    [letter] = journey.steps["code"]
    assert letter.recipient == POLICE
    assert letter.code not in letter.subject
    assert letter.token is None
    assert letter.message.get_content_type() == "multipart/alternative"


def test_a_reminder_goes_to_those_who_have_not_answered(journey: Journey) -> None:
    letters = journey.steps["reminded"]
    assert sorted(letter.recipient for letter in letters) == sorted(
        everybody(journey) - {POLICE, TO_REMOVE, journey.chair}
    )
    for letter in letters:
        # A second REQUEST of the same SEQUENCE would ask for an answer twice.
        assert letter.message.get_content_type() == "multipart/alternative"
        assert journey.pins["reminded"] in letter.text


def test_sent_again_it_is_the_same_entry_with_a_fresh_link(journey: Journey) -> None:
    [letter] = journey.steps["resent"]
    before = to(journey.steps["removed"], SCHOOL_LEAD)
    assert letter.recipient == SCHOOL_LEAD
    assert letter.subject.startswith("Invitation: multi-agency meeting")
    assert letter.entry.method == "REQUEST"
    assert (letter.entry.uid, letter.entry.sequence) == (before.entry.uid, 2)
    assert letter.token and letter.token != before.token
    assert journey.pins["resent"] == journey.pins["removed"]


def test_a_colleague_has_an_entry_of_their_own_and_the_first_is_taken_back(
    journey: Journey,
) -> None:
    letters = journey.steps["deputy"]
    assert {letter.recipient for letter in letters} == {HEALTH, COLLEAGUE}
    gone, fresh = to(letters, HEALTH), to(letters, COLLEAGUE)
    assert (gone.entry.method, gone.entry.sequence, gone.token) == ("CANCEL", 3, None)
    assert (fresh.entry.method, fresh.entry.sequence) == ("REQUEST", 0)
    assert fresh.entry.uid != gone.entry.uid
    # Nobody was sent away: the PIN stays (C4).
    assert journey.pins["deputy"] == journey.pins["removed"]


def test_a_wrong_address_gets_a_cancellation_and_the_right_one_an_entry_of_its_own(
    journey: Journey,
) -> None:
    letters = journey.steps["corrected"]
    # Whoever read the wrong mailbox knows the PIN: everybody else gets another.
    assert sorted(one.recipient for one in letters) == sorted({*at_the_end(journey), WRONG})
    others = [one for one in letters if one.recipient not in (WRONG, RIGHT)]
    assert {one.entry.method for one in others} == {"REQUEST"}
    assert {one.entry.sequence for one in others} == {1, 3}
    for letter in letters:
        assert (journey.pins["corrected"] in letter.words) == (letter.recipient != WRONG)
        assert journey.pins["deputy"] not in letter.words
    wrong, right = to(letters, WRONG), to(letters, RIGHT)
    assert (wrong.entry.method, wrong.entry.sequence, wrong.token) == ("CANCEL", 3, None)
    assert (right.entry.method, right.entry.sequence) == ("REQUEST", 0)
    assert right.entry.uid != wrong.entry.uid


def test_a_cancellation_takes_the_entry_away_and_leaves_no_way_in(journey: Journey) -> None:
    letters = journey.steps["cancelled"]
    assert sorted(letter.recipient for letter in letters) == sorted(at_the_end(journey))
    taken_back = (("removed", TO_REMOVE), ("deputy", HEALTH), ("corrected", WRONG))
    for letter in [*letters, *(to(journey.steps[step], email) for step, email in taken_back)]:
        assert letter.entry.method == "CANCEL"
        assert letter.entry.event["STATUS"] == "CANCELLED"
        assert "CONFERENCE" not in letter.entry.event
        assert not letter.entry.has_alarm
        assert letter.token is None
        for secret in (*PINS, "808 157 0100", "8081570100"):
            assert secret not in letter.words
    for letter in letters:
        assert letter.entry.sequence == {RIGHT: 1, COLLEAGUE: 2}.get(letter.recipient, 4)


def test_the_chair_is_told_of_the_record_before_it_is_late_and_then(journey: Journey) -> None:
    for step, begins in zip(TO_STAFF, ("Due soon: ", "Late: "), strict=True):
        [letter] = journey.steps[step]
        assert letter.recipient == journey.chair
        assert letter.subject.startswith(begins)
        assert journey.reference in letter.text


def test_the_quality_service_hears_early_of_a_conference_and_that_none_is_needed(
    journey: Journey,
) -> None:
    for step, begins in zip(OF_CONFERENCES, ("Early notice: ", "Early notice withdrawn: "),
                            strict=True):  # fmt: skip
        [letter] = journey.steps[step]
        assert letter.recipient == QUALITY
        assert letter.subject == f"{begins}multi-agency meeting {journey.reference}"
        assert letter.token is None
        for name in {name for pair in CHILDREN for name in pair}:
            assert name not in letter.words


def test_the_chair_is_told_that_somebody_disagrees(journey: Journey) -> None:
    for step, begins in zip(DISAGREED, ("Somebody disagrees: ", "Late: "), strict=True):
        [letter] = journey.steps[step]
        assert letter.recipient == journey.chair
        assert letter.subject.startswith(begins)
        assert journey.reference in letter.text


def test_owners_of_actions_are_reminded_by_their_link_and_staff_by_a_notice(
    journey: Journey,
) -> None:
    for step, subject in zip(OF_ACTIONS, ("Due soon", "Overdue"), strict=True):
        by_link, notice = sorted(journey.steps[step], key=lambda letter: letter.token is None)
        assert by_link.token and notice.recipient == journey.chair
        for letter in (by_link, notice):
            assert letter.subject.startswith(f"{subject}: your actions after multi-agency meeting")
            assert letter.parts("text/calendar") == []


def test_agencies_are_asked_and_chased_and_referrer_and_school_written_to(journey: Journey) -> None:
    asked, chased, written = (journey.steps[step] for step in BEHIND_LINKS)
    assert sorted(letter.recipient for letter in asked) == sorted([HEALTH, SCHOOL_LEAD])
    assert [letter.recipient for letter in chased] == [HEALTH]
    assert chased[0].subject.startswith("Reminder: request for information")
    assert [letter.recipient for letter in written] == [TEACHER, SCHOOL_LEAD]
    for letter in (*asked, *chased, *written):
        assert letter.link is not None
        assert letter.link.startswith("/r/")
        assert letter.message.get_content_type() == "multipart/alternative"


def test_the_referrer_gets_the_way_back_the_code_for_it_and_the_receipt(journey: Journey) -> None:
    letters = [letter for step in BY_THE_FORM for letter in journey.steps[step]]
    assert [letter.recipient for letter in letters] == [SCHOOL_LEAD] * 3
    way_back, code, receipt = letters
    assert way_back.token
    assert code.code not in way_back.words
    assert code.token is receipt.token is None
    assert receipt.subject.startswith("We have received your form RF-")


# One envelope, one reader


def test_who_took_part_is_asked_for_a_view_without_a_word_of_the_meeting(journey: Journey) -> None:
    letters = journey.steps["feedback"]
    took_part = at_the_end(journey) | {HEALTH}  # who sent a colleague came herself as well
    assert {letter.recipient for letter in letters} == took_part - {journey.chair}
    for letter in letters:
        assert journey.reference not in letter.words
        assert letter.link and letter.link.startswith("/feedback/")


def test_each_letter_is_for_one_mailbox_alone(journey: Journey) -> None:
    assert set(journey.steps) == set(EVERY_STEP)
    for letter in journey.letters:
        headers = letter.message
        assert len(letter.received.recipients) == 1
        assert [box.addr_spec for box in headers["To"].addresses] == [letter.recipient]
        assert [box.addr_spec for box in headers["From"].addresses] == [journey.desk]
        assert letter.received.sender == journey.desk
        for name in ("To", "From", "Subject", "Date", "Message-ID", "MIME-Version"):
            assert len(headers.get_all(name, [])) == 1, name
        for name in headers:
            assert not re.fullmatch("(?i)b?cc|resent-.*|sender|reply-to|disposition-.*", name)
    found = [letter.message_id for letter in journey.letters]
    by_step = (9, 9, 9, 1, 6, 1, 1, 2, 9, 8, 1, 1, 1, 1, 2, 2, 1, 1, 1, 2, 1, 2, 1, 1, 1)
    asked = len(journey.steps["feedback"])
    assert len(set(found)) == len(found) == sum(by_step) + asked


def test_nobody_reads_of_another(journey: Journey) -> None:
    uids = {letter.entry.uid: letter.recipient for letter in entries(journey)}
    assert len(uids) == 9 + 2
    tokens = [letter.token for letter in journey.letters if letter.token]
    by_step = (9, 9, 8, 6, 1, 1, 8, 1, 1, 2, 1, 2, 1)
    asked = len(journey.steps["feedback"])
    assert len(set(tokens)) == len(tokens) == sum(by_step) + asked
    names = {email: name for name, *_, email in PEOPLE}
    names |= {journey.chair: "Helen Marsh", COLLEAGUE: "Nora Ferris", RIGHT: names[WRONG]}
    names[QUALITY] = "Quality service"
    for letter in journey.letters:
        for email in names.keys() - {letter.recipient}:
            assert email not in letter.words
            # Somebody whose address was wrong is the same person.
            if names[email] != names[letter.recipient]:
                assert names[email] not in letter.words
        for uid, recipient in uids.items():
            assert uid not in letter.words or recipient == letter.recipient
        for token in tokens:
            assert token not in letter.words or token == letter.token


# The parts, and the calendar entry in them (D1, D2)


def test_the_parts_of_a_letter_with_an_entry(journey: Journey) -> None:
    for letter in entries(journey):
        mixed = letter.message
        assert mixed.get_content_type() == "multipart/mixed"
        alternative, attached = mixed.iter_parts()
        assert alternative.get_content_type() == "multipart/alternative"
        plain, html, calendar = alternative.iter_parts()
        assert plain.get_content_type() == "text/plain"
        assert html.get_content_type() == "text/html"
        assert calendar.get_content_type() == "text/calendar"
        assert calendar.get_param("method") == letter.entry.method
        assert calendar.get_content_charset() == "utf-8"
        assert calendar.get_content_disposition() == "inline"
        assert attached.get_filename() == "invite.ics"
        assert attached.get_payload(decode=True) == letter.entry.content


@pytest.mark.parametrize("step", WITH_ENTRY)
def test_two_libraries_read_an_entry_that_the_standards_allow(journey: Journey, step: str) -> None:
    for letter in journey.steps[step]:
        assert letter.entry.problems(journey.desk, letter.recipient) == []


def test_a_third_reads_the_same_in_a_browser(journey: Journey, tmp_path: Path) -> None:
    mine = [letter.entry for letter in entries(journey)]
    assert read_by_ical_js([entry.content.decode() for entry in mine], tmp_path) == [
        [entry.method, entry.uid, entry.sequence, f"{entry.start:%Y-%m-%dT%H:%M:%S}.000Z",
         f"{entry.end:%Y-%m-%dT%H:%M:%S}.000Z", 1, str(entry.event["SUMMARY"])]
        for entry in mine
    ]  # fmt: skip


def test_an_entry_keeps_its_uid_and_counts_up(journey: Journey) -> None:
    for email in everybody(journey):
        mine = [letter.entry for letter in entries(journey) if letter.recipient == email]
        assert len({entry.uid for entry in mine}) == 1
        assert uuid.UUID(mine[0].uid).version == 4
        assert str(uuid.UUID(mine[0].uid)) == mine[0].uid
        again = [2] if email == SCHOOL_LEAD else []
        # A new PIN after the wrong address: not for whoever had left by then.
        more = [] if email in (TO_REMOVE, HEALTH, WRONG) else [3]
        last = [] if email == TO_REMOVE else [3 + len(more)]
        assert [entry.sequence for entry in mine] == [0, 1, 2, *again, *more, *last]


def test_an_entry_says_when(journey: Journey) -> None:
    first, second = journey.starts
    for step in WITH_ENTRY:
        began, ended = journey.times[step]
        for letter in journey.steps[step]:
            start = first if step == "booked" else second
            assert letter.entry.start == start
            assert letter.entry.end == start + timedelta(minutes=45)
            # DTSTAMP is made anew at each send; it has no fractions of a second.
            assert began.replace(microsecond=0) <= letter.entry.stamp <= ended


def test_an_entry_says_how_and_no_more(journey: Journey) -> None:
    for step in WITH_ENTRY[:-1]:
        for letter in journey.steps[step]:
            event = letter.entry.event
            assert str(event["SUMMARY"]) == f"Multi-agency meeting {journey.reference}"
            assert str(event["LOCATION"]) == "Telephone conference"
            assert event["CLASS"] == "PRIVATE"
            if letter.entry.method == "CANCEL":
                continue
            for needed in ("0808 157 0100", journey.pins[step], "01632 960100"):
                assert needed in str(event["DESCRIPTION"])
            assert str(event["CONFERENCE"]) == "tel:+448081570100"
            assert event["ATTENDEE"].params["ROLE"] == (
                "CHAIR" if letter.recipient == journey.chair else "REQ-PARTICIPANT"
            )
            assert len(event.walk("VALARM")) == 1
            # The PIN stands where only the entry's own reader looks (D2).
            for field in ("SUMMARY", "LOCATION", "UID", "CONFERENCE"):
                assert journey.pins[step] not in str(event[field])
            assert journey.pins[step] not in letter.subject


# The canary


def test_the_case_is_there_to_be_told(journey: Journey) -> None:
    """Behind the code the invited person reads it: else the search below would mean nothing."""
    found = journey.canary.found_in(journey.page_after_code)
    for given, family in CHILDREN:
        assert {f"name {given}", f"name {family}"} <= set(found)
    assert {"words physical abuse", "born 27 March 2017"} <= set(found)
    for page in journey.pages_before_code:
        assert journey.canary.found_in(page) == []


@pytest.mark.parametrize("step", EVERY_STEP)
def test_no_letter_holds_a_word_of_the_case(journey: Journey, step: str) -> None:
    assert journey.steps[step]
    for letter in journey.steps[step]:
        assert journey.canary.found_in(letter.without_recipient()) == []


def test_no_letter_fetches_or_tells_on_its_reader(journey: Journey) -> None:
    notices = [letter for step in TO_STAFF for letter in journey.steps[step]]
    for letter in journey.letters:
        html = letter.parts("text/html")[0].get_content()
        assert not re.search(r"<(img|script|link|iframe|object|form)\b|url\(|\bsrc=|@import", html)
        own = {f"mailto:{letter.recipient}", f"mailto:{journey.desk}", "tel:+448081570100"}
        own.add(f"http://desk.example.org{letter.link}")
        if letter in journey.steps["told"]:  # a member of staff, who signs in
            own.add(f"http://desk.example.org/discussions/{journey.reference}")
        if letter in notices:  # staff sign in to follow it
            own.add(f"http://desk.example.org/discussions/{journey.reference}/record")
        if any(letter in journey.steps[step] for step in OF_ACTIONS) and letter.token is None:
            own.add(f"http://desk.example.org/discussions/{journey.reference}/after")
        if any(letter in journey.steps[step] for step in DISAGREED):
            own.add(f"http://desk.example.org/discussions/{journey.reference}/disagreements")
        assert set(letter.urls) <= own


def test_no_address_holds_a_word_of_the_case_nor_a_secret(journey: Journey) -> None:
    guests = {*journey.guest_urls, *(url for letter in journey.letters for url in letter.urls)}
    # To write to and to ring: these are asked of no web server, which would write them down.
    guests = {url for url in guests if not url.startswith(("mailto:", "tel:"))}
    staff = set(journey.staff_urls)
    assert any("/attend" in url for url in guests)
    assert any(url.endswith("/change") for url in staff)
    codes = [letter.code for step in CODES for letter in journey.steps[step]]
    for url in guests:
        assert journey.canary.found_in(url) == []
    for url in staff:
        assert journey.canary_of_staff.found_in(url) == []
    for url in guests | staff:
        assert not [secret for secret in (*PINS, *codes) if secret in url]


def test_no_line_of_the_log_holds_a_word_of_the_case(journey: Journey) -> None:
    # It was listened to: both kinds of log, turned all the way up.
    for said in ("a library says something", "the application says something", "mail sent",
                 "form refused", "INSERT INTO invitee"):  # fmt: skip
        assert said in journey.log
    lines = dict.fromkeys(journey.log.splitlines())
    assert journey.canary.found_in("\n".join(lines)) == []


def test_no_line_of_the_log_holds_a_secret_or_an_address(journey: Journey) -> None:
    codes = [letter.code for step in CODES for letter in journey.steps[step]]
    tokens = [letter.token for letter in journey.letters if letter.token]
    for secret in (*PINS, *tokens, *everybody(journey)):
        assert secret not in journey.log
    # Six digits by themselves: a fraction of a second holds others.
    for code in codes:
        assert not re.search(rf"(?<![\d.]){code}(?!\d)", journey.log)
