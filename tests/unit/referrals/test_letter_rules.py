"""What a letter says, and what it never does: no database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.refusal import Refused
from app.referrals.letters import rules
from app.referrals.letters.types import LetterTo, Recipient
from app.referrals.types import Outcome
from tests.clock import FRIDAY

REFERRER = Recipient(
    "referrer", LetterTo.REFERRER, "Robin Referrer", "r@school.example", "A school", True
)
NEIGHBOUR = Recipient("referrer", LetterTo.REFERRER, "Nell", "n@mail.example", "", False)
SCHOOL = Recipient(
    "school", LetterTo.SCHOOL, "Dana Lead", "d@school.example", "A school", True, 7, "Wren Testwell"
)


def text(to, outcome=Outcome.SECTION_17, **changes):
    facts = {
        "filtered": False,
        "received": FRIDAY,
        "decided": FRIDAY + timedelta(hours=3),
        "authority": "Millbrook Council",
        "telephone": "01632 960100",
        "out_of_hours": "01632 960199",
        "reference": "LT-1",
        "added": "",
        "now": FRIDAY + timedelta(hours=4),
    } | changes
    return " ".join(rules.letter(to, outcome, **facts).paragraphs)


@pytest.mark.parametrize("outcome", list(Outcome), ids=lambda one: one.value)
def test_every_outcome_is_told_to_professionals_and_none_to_a_neighbour(outcome):
    assert text(REFERRER, outcome) != text(NEIGHBOUR, outcome)
    assert text(NEIGHBOUR, outcome) == text(NEIGHBOUR, Outcome.ADVICE)
    for to in (REFERRER, SCHOOL, NEIGHBOUR):
        assert "01632 960100" in text(to, outcome)
        assert "999" in text(to, outcome)


def test_the_school_is_told_of_its_pupil_and_the_referrer_of_nobody():
    assert "Wren Testwell" in text(SCHOOL)
    assert "Testwell" not in text(REFERRER)


def test_what_was_no_referral_is_said_so():
    assert "not dealt with as a referral" in text(REFERRER, filtered=True)


def test_what_was_added_stands_in_paragraphs():
    held = rules.letter(
        REFERRER, Outcome.ADVICE, filtered=False, received=FRIDAY, decided=FRIDAY, authority="A",
        telephone="", out_of_hours="", reference="LT-1", added="One.\n\nTwo.", now=FRIDAY,
    )  # fmt: skip
    assert held.paragraphs[2:4] == ("One.", "Two.")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Wren is well", "wren"),
        ("They live at 1  Example Street now", "1 example street"),
        ("call 01632 960300", "01632 960300"),
        ("wrens are birds", None),
        ("All is well", None),
        ("Al said so", "al"),
    ],
)
def test_what_a_reader_may_not_see_is_found(said, found):
    phrases = ["1 Example Street,\nExampleton", "01632 960300"]
    assert rules.given_away(said, ["Wren Testwell", "Al"], phrases) == found


def test_no_letter_before_a_decision_or_to_nobody():
    for recipient, outcome, hidden in (
        (REFERRER, None, None), (None, Outcome.ADVICE, None), (REFERRER, Outcome.ADVICE, "wren"),
    ):  # fmt: skip
        with pytest.raises(Refused):
            rules.check_send(recipient, outcome, "", hidden)
    rules.check_send(REFERRER, Outcome.ADVICE, "", None)


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("Please ring Jo today.", ["Jo Fernsby"], "jo"),
        ("Please ring jo today.", ["Jo Fernsby"], "jo"),
        ("Please ring Joan today.", ["Jo Fernsby"], None),
        ("Speak to Li's class.", ["Li"], "li"),
        ("We spoke to An last week.", ["An Nguyen"], "an"),
        ("An early help worker will ring.", ["An Nguyen"], None),
        ("Thank you. An early help worker rings.", ["An Nguyen"], None),
        ("We made a plan and did so at once.", ["A. So"], None),
        ("Ask Mr So.", ["A. So"], "so"),
        ("I rang.", ["I Fernsby"], None),
        ("Write to HEAD@school.example.", [], None),
    ],
)
def test_short_names_are_whole_words_and_everyday_words_are_not_names(text, names, found):
    assert rules.given_away(text, names, []) == found


def test_an_email_address_is_a_phrase_too():
    said = rules.given_away("Write to Head@School.example.", [], ["head@school.example"])
    assert said == "head@school.example"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Zoe is fine", "zoe"),
        ("ZOË is fine", "zoe"),
        ("The Greywether family", "greywether"),
        ("Mrs Grey Wether", "grey"),
        ("Ask Sian", "sian"),
        ("Ask ONeill", "oneill"),
        ("Ask Mrs Mac-Gregor", "macgregor"),
        ("Ask Mac Gregor", "macgregor"),
        ("Ask Maryann", "maryann"),
        ("They live in SW1A1AA", "sw1a 1aa"),
        ("They live at 3 Ex-ample  Row", "3 example row"),
        ("Ring 01632-960300", "01632 960300"),
        ("Ring 01632 960 301", "01632960301"),
        ("What is on today is no concern of mine", None),
        ("I'm glad; we're at 12 today", None),
    ],
)
def test_everyday_spellings_give_a_name_or_place_away_too(text, found):
    names = ["Zoë Grey-Wether", "Siân O'Neill", "MacGregor", "Mary Ann", "Ison", "Im"]
    phrases = ["3 Example Row\nSW1A 1AA", "12, Example", "01632 960300", "01632960301"]
    assert rules.given_away(text, names, phrases) == found
