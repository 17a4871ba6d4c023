"""Addresses, numbers, times, days and PINs as people type them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.refusal import Refused
from app.directory import rules
from tests.clock import FRIDAY


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Jo@Police.Example", "jo@police.example"),
        ("a.b+c@nhs.example", "a.b+c@nhs.example"),
        ("jo@bücher.example", "jo@xn--bcher-kva.example"),
    ],
)
def test_addresses(typed, expected):
    assert rules.normal_email(typed) == expected


@pytest.mark.parametrize(
    "typed",
    ["jo", "jo@", "jo@police", "Jo <jo@police.example>", "jo@police.example,x@y.example",
     "jö@police.example", "jo@police.example\r\nBcc: x@y.example"],
)  # fmt: skip
def test_what_is_no_address(typed):
    with pytest.raises(Refused) as refusal:
        rules.normal_email(typed, "desk_email")
    assert refusal.value.field == "desk_email"


@pytest.mark.parametrize(
    "typed",
    ["01632 960001", "(020) 7946 0001", "+44 20 7946 0001", "0808 157 0100 ext 12",
     "07700  900123"],
)  # fmt: skip
def test_telephone_numbers(typed):
    assert rules.normal_telephone(typed) == " ".join(typed.split())


@pytest.mark.parametrize("typed", ["", "999", "call the desk", "01632 960001 0000 0000 0", "x123"])
def test_what_is_no_telephone_number(typed):
    with pytest.raises(Refused):
        rules.normal_telephone(typed)


def test_times():
    assert rules.office_time("9:00", "office_opens") == "09:00"
    assert rules.office_time("17.30", "office_closes") == "17:30"
    for wrong in ("24:00", "nine", "9", "17:60"):
        with pytest.raises(Refused):
            rules.office_time(wrong, "office_opens")


def test_domains():
    assert rules.secure_domains("@Police.example, nhs.example\nnhs.example") == [
        "nhs.example",
        "police.example",
    ]
    for wrong in ("police", "a@b.example", "-x.example", "x..example"):
        with pytest.raises(Refused):
            rules.secure_domains(wrong)


def test_closure_days():
    typed = "24/12/2026\n2026-12-31\n\n1.6.2027"
    assert rules.closure_days(typed) == ["2026-12-24", "2026-12-31", "2027-06-01"]
    with pytest.raises(Refused, match="31/02/2026"):
        rules.closure_days("31/02/2026")


def test_pins():
    assert rules.pins_from("1234, 5678\n1234 9012", ["9012"]) == (["1234", "5678"], 2)


@pytest.mark.parametrize("typed", ["", "777", "12345678901234", "12a4"])
def test_what_is_no_pin_is_named_by_its_place_never_repeated(typed):
    with pytest.raises(Refused) as refusal:
        rules.pins_from(typed, [])
    assert not typed or typed not in refusal.value.message


def test_a_pin_is_shown_by_its_last_two_digits():
    assert rules.masked("123456") == "••••56"


def test_away():
    assert rules.is_away(FRIDAY + timedelta(hours=1), FRIDAY)
    assert not rules.is_away(FRIDAY, FRIDAY)
    assert not rules.is_away(None, FRIDAY)
