"""When a link, a code and a guest's session are good (D3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.invitations import rules
from app.invitations.wording import display_name, forbidden_words, is_address, telephone_uri
from tests.clock import FRIDAY

MINUTE = timedelta(minutes=1)


def test_link_ends_when_revoked_or_expired():
    assert rules.link_is_open(FRIDAY, revoked=None, expires=None)
    assert not rules.link_is_open(FRIDAY, revoked=FRIDAY, expires=None)
    assert rules.link_is_open(FRIDAY, revoked=None, expires=FRIDAY + MINUTE)
    assert not rules.link_is_open(FRIDAY, revoked=None, expires=FRIDAY)


def test_link_lives_14_days_after_the_record_or_a_day_after_the_last_action_closed():
    fortnight = FRIDAY + timedelta(days=14)
    assert rules.expiry(FRIDAY, None) == fortnight
    assert rules.expiry(FRIDAY, FRIDAY + timedelta(days=3)) == fortnight
    assert rules.expiry(FRIDAY, FRIDAY + timedelta(days=30)) == FRIDAY + timedelta(days=31)


def may_ask(*asked, newest=True, came_in=False):
    """By the link `mine`. Each of `asked`: how long ago, how often, and by which link."""
    codes = [(FRIDAY - ago, link) for ago, times, link in asked for _ in range(times)]
    return rules.may_ask_for_code(FRIDAY, codes, "mine", is_newest=newest, came_in=came_in)


SPANS = pytest.mark.parametrize(
    ("span", "anybody", "kept"), [(MINUTE, 4, 1), (timedelta(hours=2), 16, 4)]
)


def test_codes_are_limited_by_hour_and_day():
    assert may_ask()
    assert may_ask((MINUTE, 3, "mine"))
    assert not may_ask((MINUTE, 4, "mine"))
    assert may_ask((timedelta(hours=1), 4, "mine"))
    assert not may_ask((timedelta(hours=2), 16, "mine"))
    assert may_ask((timedelta(hours=24), 16, "mine"))


@SPANS
def test_older_links_use_up_nothing_that_is_kept_for_the_newest(span, anybody, kept):
    assert not may_ask((span, anybody, "older"), newest=False)
    assert may_ask((span, anybody, "older"))
    assert may_ask((span, anybody, "older"), (span, kept - 1, "mine"))
    assert not may_ask((span, anybody, "older"), (span, kept, "mine"))


@SPANS
def test_nobody_else_uses_up_what_is_kept_for_whoever_came_in_before(span, anybody, kept):
    others = (span, anybody, "older"), (span, kept, "newest")
    assert not may_ask(*others)
    for newest in (True, False):
        assert may_ask(*others, newest=newest, came_in=True)
        mine = (span, kept, "mine")
        assert not may_ask(*others, mine, newest=newest, came_in=True)


def live(**changes):
    facts = {"expires": FRIDAY + MINUTE, "tries": 0, "used": None, "replaced": None}
    return rules.code_is_live(FRIDAY, **(facts | changes))


def test_code_is_live_ten_minutes_once_five_tries_newest():
    assert live()
    assert live(tries=4)
    assert not live(tries=5)
    assert not live(expires=FRIDAY)
    assert not live(used=FRIDAY)
    assert not live(replaced=FRIDAY)


def test_guest_session_ends_by_idleness_length_or_hand():
    def over(**changes):
        facts = {"started": FRIDAY, "last_seen": FRIDAY, "ended": None}
        return rules.session_is_over(changes.pop("now", FRIDAY), **(facts | changes))

    assert not over()
    assert over(ended=FRIDAY)
    assert not over(now=FRIDAY + 30 * MINUTE)
    assert over(now=FRIDAY + 31 * MINUTE)
    late = FRIDAY + timedelta(hours=13)
    assert over(now=late, last_seen=late)


@pytest.mark.parametrize(
    ("typed", "uri"),
    (
        ("020 7946 0123", "tel:+442079460123"),
        ("+44 (0)20 7946 0123", "tel:+442079460123"),
        ("0044 20 7946 0123", "tel:+442079460123"),
        ("0808 157 0123", "tel:+448081570123"),
        ("01632 960123", "tel:+441632960123"),
        ("ext. 1234", None),
        ("020 7946 0123 then 4", None),
        ("", None),
    ),
)
def test_telephone_uri(typed, uri):
    assert telephone_uri(typed) == uri


@pytest.mark.parametrize(
    "text",
    ("Child protection", "child-protection unit", "STRATEGY  DISCUSSION", "Strategy\u00a0meeting",
     "children's protection team", "childprotection"),
)  # fmt: skip
def test_forbidden_words_are_found(text):
    assert forbidden_words(text)
    assert display_name(text) == ""


def test_harmless_words_stay():
    assert forbidden_words("Police child abuse investigation team") is None
    assert display_name("Dr. O'Brien-Smith") == "Dr. O'Brien-Smith"
    assert display_name("محمد علي") == "محمد علي"


def test_addresses():
    assert is_address("o'brien+cait@met.police.example")
    assert not is_address("a" * 250 + "@example.org")
