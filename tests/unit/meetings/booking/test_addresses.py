"""An address that looks almost like a known one is asked about; everything else is only told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.meetings.booking.addresses import Known, doubts_about, like_another

KNOWN = [
    Known("Sarah Lindqvist", "Oakfield Primary School", "dsl@oakfield.example"),
    Known("Duty desk", "Police", "cait.duty@police.example"),
]
SECURE = ["police.example", "north-health.example"]


@pytest.mark.parametrize(
    ("typed", "twin"),
    [
        ("po1ice.example", "police.example"),
        ("police.exarnple", "police.example"),
        ("polce.example", "police.example"),
        ("policee.example", "police.example"),
        ("ploice.example", "police.example"),
        ("northhealth.example", "north-health.example"),
        ("oakfeild.example", "oakfield.example"),
    ],
)
def test_what_could_be_mistaken_is_found(typed, twin):
    assert (
        like_another(typed, ["police.example", "north-health.example", "oakfield.example"]) == twin
    )
    assert twin in doubts_about("A", "B", f"a@{typed}", KNOWN, SECURE).look_alike


@pytest.mark.parametrize(
    "typed",
    ["police.example", "oakfield.example", "hospital.example", "school.example", "x.example"],
)
def test_a_known_domain_and_another_one_are_no_look_alikes(typed):
    assert doubts_about("A", "B", f"a@{typed}", KNOWN, SECURE).look_alike == ""


@given(st.sampled_from(["police.example", "north-health.example"]), st.data())
def test_any_letter_left_out_is_seen(domain, data):
    place = data.draw(st.integers(0, len(domain) - 1))
    typed = domain[:place] + domain[place + 1 :]
    assert like_another(typed, [domain]) == domain


def test_not_on_the_secure_list_is_told():
    notes = doubts_about("A", "B", "a@oakfield.example", KNOWN, SECURE).notes
    assert any("secure list" in note for note in notes)
    assert doubts_about("A", "B", "a@police.example", KNOWN, SECURE).notes == ()


def test_the_same_name_at_another_agency_is_told():
    notes = doubts_about("sarah  lindqvist", "Elm Lane", "", KNOWN, SECURE).notes
    assert len(notes) == 1 and "Oakfield Primary School" in notes[0]
    assert doubts_about("Sarah Lindqvist", "oakfield primary school", "", KNOWN, SECURE).notes == ()
