"""The canary: nothing that was sent, asked for or logged holds a word of the case."""

from __future__ import annotations

import re

import pytest

from tests.integration.mail_journey.case import (
    CHILDREN,
    PINS,
)
from tests.integration.mail_journey.seen import Journey
from tests.integration.mail_journey.steps import (
    CODES,
    DISAGREED,
    EVERY_STEP,
    OF_ACTIONS,
    TO_STAFF,
    everybody,
)


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
