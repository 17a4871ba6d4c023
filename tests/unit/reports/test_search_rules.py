"""What a person means who types into one box (G5)."""

from __future__ import annotations

from datetime import date

import pytest

from app.referrals.matching import Identity
from app.reports.search import rules
from app.reports.search.types import Looked

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    "typed",
    [
        "27/3/2019", "27.03.2019", "27-3-19", "2019-03-27", "27 March 2019", "27th of Mar 19",
        "March 27, 2019", "27032019", "27 3 2019", "born 27 march 2019",
    ],
)  # fmt: skip
def test_a_day_in_any_usual_form(typed: str) -> None:
    assert rules.asked(typed, TODAY).day == date(2019, 3, 27)


def test_two_digits_are_a_year_that_has_been() -> None:
    assert rules.asked("1/2/87", TODAY).day == date(1987, 2, 1)
    assert rules.asked("1/2/27", TODAY).day == date(2027, 2, 1)  # a discussion next year


def test_what_is_no_day_is_none() -> None:
    asked = rules.asked("31/2/2019", TODAY)
    assert asked.day is None


@pytest.mark.parametrize(
    "typed", ["RF-7K3M-90XA", "rf7k3m90xa", "rf 7k3m 9oxa please", "about RF-7K3M-9OXA?"]
)
def test_a_reference_however_it_is_read_out(typed: str) -> None:
    assert rules.asked(typed, TODAY).reference == "RF-7K3M-90XA"


def test_a_reference_without_its_first_letters() -> None:
    assert rules.asked("7k3m-90xa", TODAY).reference == "7K3M-90XA"
    assert rules.asked("Anne-Mary", TODAY).reference == ""


def test_everything_at_once_in_any_order() -> None:
    asked = rules.asked("Smyth, Jayden 27/3/2019", TODAY)
    assert asked.name == ("Jayden", "Smyth")
    assert asked.day == date(2019, 3, 27)
    assert asked.looked_for == (Looked.NAME, Looked.DAY)


def test_a_reference_of_the_case_system_holds_a_digit() -> None:
    asked = rules.asked("cf 12-345", TODAY)
    assert asked.case_reference == "12-345"
    assert asked.words == ("cf",)


@pytest.mark.parametrize(
    "typed",
    ["Jaydon Smyth", "Smyth Jayden", "smith, jay", "Jayden", "Smithe", "jadyen smith"],
)
def test_names_as_people_misspell_them(typed: str) -> None:
    assert rules.fits(rules.asked(typed, TODAY), Identity("Jayden", "Smith", None))


@pytest.mark.parametrize("typed", ["Hannah Smith", "Jayden Ofori", "Wright"])
def test_another_name_is_another(typed: str) -> None:
    assert not rules.fits(rules.asked(typed, TODAY), Identity("Jayden", "Smith", None))


def test_the_title_of_a_professional_is_no_name() -> None:
    assert rules.person_fits(rules.asked("DS Okafor", TODAY), "Detective Sergeant Amara Okafor")
    assert not rules.person_fits(rules.asked("Okafor", TODAY), "Jane Smith")
