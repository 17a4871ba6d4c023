"""The parts of each letter of the journey, and the calendar entry in them (D1, D2)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.mail_journey.case import (
    HEALTH,
    SCHOOL_LEAD,
    TO_REMOVE,
    WRONG,
)
from tests.integration.mail_journey.seen import Journey
from tests.integration.mail_journey.steps import (
    WITH_ENTRY,
    entries,
    everybody,
)
from tests.integration.mail_journey.third_reader import read_by_ical_js


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
