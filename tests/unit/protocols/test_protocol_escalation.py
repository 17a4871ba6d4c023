"""The ladder of an area: its own in the place of the shared one, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.protocols.loading import check_file, load_protocols
from app.protocols.problems import ProtocolError
from app.protocols.telling import tell

HEAD = """
id = "example"
name = "Example"
version = "1"
source = "EXA"
ratings = ["red", "amber", "green"]

[documents]
EXA = "Example document"
"""
STEP = """
[[escalation]]
id = "managers"
who = "The managers"
unit = "hours"
within = 4
force = "limit"
source = "EXA 1"
reason = "Managers speak within four hours."
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        path = tmp_path / "example.toml"
        path.write_text(text)
        return path

    return written


def test_an_areas_own_steps_stand_in_the_place_of_all_shared_ones(write):
    assert len(check_file(write(HEAD)).escalation) == 4
    protocol = check_file(write(HEAD + STEP))
    (step,) = protocol.escalation
    assert (step.id, step.within, step.document) == ("managers", 4, "Example document")
    heading, lines = tell(protocol).ways[-1]
    assert heading == "How a disagreement with what was decided is resolved"
    assert [line.title for line in lines] == ["1. The managers, within 4 hours (limit)"]
    shared = tell(check_file(write(HEAD))).ways[-1][1]
    assert shared[0].title.endswith("with the chair, within 1 working day (proposed)")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (STEP.replace("within = 4\n", ""), 'line 11: "within" is missing'),
        (STEP.replace('"hours"', '"moons"'), 'unknown unit "moons"'),
        (STEP.replace("EXA 1", "Nobody"), 'source "Nobody" begins with no known document'),
        (STEP.replace("reason", "because"), 'unknown key "because"'),
        (STEP.replace('"limit"', '"must"'), 'unknown force "must"'),
        (STEP + STEP, 'escalation id "managers" is used twice'),
        ("\n[escalation]\nid = 1\n", "begin it with [[escalation]]"),
    ],
)
def test_a_mistake_is_named(write, wrong: str, said: str):
    with pytest.raises(ProtocolError) as refused:
        check_file(write(HEAD + wrong))
    assert said in str(refused.value)


def test_the_protocol_page_says_how_long_cases_are_kept():
    told = dict(tell(load_protocols()["bromley"]).ways)["How long cases are kept"]
    assert [line.title for line in told] == [
        "Every case: 6 years from its end",
        "A case in which a strategy discussion was held: 25 years from the birth of the youngest "
        "child",
        "A case about a child looked after by the council: 75 years from the birth of the youngest "
        "child",
    ]
    assert all(line.reason and line.source and line.document for line in told)
