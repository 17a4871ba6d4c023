"""What an area's file says of ratings, consent and outcomes, and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.protocols.loading import check_file, load_protocols
from app.protocols.problems import ProtocolError
from app.protocols.ways import (
    After,
    ConsentSought,
    Follows,
    LawfulBasis,
    Outcome,
    Rating,
    SettledBy,
)
from app.protocols.ways_wording import ways_in_words
from tests.unit.protocols.test_protocol_loading import GOOD, line, write

WAYS = """
[[rated]]
rating = "red"
means = "High"
follows = "meeting"
source = "EXA 5"
reason = "Red meets."

[second_rating]
after = "meeting"
ratings = ["red"]
source = "EXA 6"
reason = "Red again."

[[settles]]
who = "Social care"
roles = ["triage"]
source = "EXA 7"
reason = "Social care first."

[consent]
sought = "first_contact"
source = "EXA 8"
reason = "At once."

[[outcome]]
outcome = "signpost"
consent = false
source = "EXA 9"
reason = "Freely."
"""


def test_every_protocol_says_of_every_outcome_whether_it_needs_consent() -> None:
    for protocol in load_protocols().values():
        assert {one.outcome for one in protocol.ways.outcomes} == set(Outcome), protocol.id
        assert protocol.ways.settles
        assert protocol.ways.consent
        for _heading, lines in ways_in_words(protocol.ways):
            assert all(one.reason.endswith(".") and one.document for one in lines)


def test_sandwell_rates_red_and_amber_again_after_the_meeting() -> None:
    held = load_protocols()["sandwell"].ways
    assert held.second_rating
    assert held.second_rating.after is After.MEETING
    assert held.second_rating.ratings == (Rating.RED, Rating.AMBER)


def test_merton_sends_red_to_a_social_worker_and_blue_is_a_request() -> None:
    held = load_protocols()["merton"].ways
    assert [(one.rating, one.follows) for one in held.rated] == [
        (Rating.BLUE, Follows.INFORMATION_REQUEST),
        (Rating.RED, Follows.SOCIAL_WORKER),
        (Rating.AMBER, Follows.CHECKS),
        (Rating.GREEN, Follows.CHECKS),
    ]


def test_bury_has_its_own_words_and_asks_for_consent_at_first_contact() -> None:
    held = load_protocols()["bury"].ways
    assert [one.means for one in held.rated] == ["High", "Medium or complex", "Low to vulnerable"]
    assert held.consent
    assert held.consent.sought is ConsentSought.FIRST_CONTACT
    assert held.consent.unless == (LawfulBasis.SIGNIFICANT_HARM,)


def test_nottinghamshire_settles_in_two_steps_and_tells_families_first() -> None:
    held = load_protocols()["nottinghamshire"].ways
    assert [one.roles for one in held.settles] == [(SettledBy.TRIAGE,), (SettledBy.CHAIR,)]
    assert held.consent
    assert held.consent.told_first


def test_an_outcome_of_the_area_stands_in_place_of_the_shared_one(tmp_path: Path) -> None:
    own = check_file(write(tmp_path, GOOD + WAYS)).ways
    signpost = own.of_outcome(Outcome.SIGNPOST)
    assert signpost
    assert not signpost.consent
    shared = own.of_outcome(Outcome.SECTION_17)
    assert shared
    assert shared.consent
    assert len(own.outcomes) == len(Outcome)


@pytest.mark.parametrize(
    ("wrong", "right", "reason"),
    [
        ('follows = "lunch"', 'follows = "meeting"', 'unknown next step "lunch"'),
        ('ratings = ["blue"]', 'ratings = ["red"]', 'rating "blue" is not among the ratings'),
        ('roles = ["analyst"]', 'roles = ["triage"]', 'unknown role "analyst"'),
        ('sought = "later"', 'sought = "first_contact"', 'unknown moment "later"'),
        ("consent = 1", "consent = false", '"consent" is true or false'),
        ('source = "Nowhere 8"', 'source = "EXA 8"', "begins with no known document"),
        ('outcomme = "signpost"', 'outcome = "signpost"', 'unknown key "outcomme"'),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, wrong: str, right: str, reason: str
) -> None:
    text = GOOD + WAYS.replace(right, wrong)
    with pytest.raises(ProtocolError) as refused:
        check_file(write(tmp_path, text))
    found = [one for one in refused.value.problems if reason in one.reason]
    assert found, refused.value
    assert found[0].line == line(text, wrong)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[rated]\nrating = "red"\n', "begin each with [[rated]]"),
        ('[[consent]]\nsought = "first_contact"\n', "begin it with [consent]"),
        (WAYS[WAYS.index("[[outcome]]") :] * 2, "stands twice"),
        ('[[outcome]]\noutcome = "advice"\nconsent = false\n', 'outcome "advice" has no source'),
    ],
)
def test_tables_of_the_wrong_shape_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match="line") as refused:
        check_file(write(tmp_path, GOOD + text))
    assert any(reason in one.reason for one in refused.value.problems)
