"""`flask protocols`, run as a person or another program runs it. No application, no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.protocols import protocols

CASES = Path(__file__).parent / "cases" / "deadlines.json"
RECEIVED = '{"received_at": "2026-11-18T09:00:00+00:00"}'


def run(*words: str, given: str | bytes | None = None) -> Result:
    return CliRunner(env={"PROTOCOLS_DIR": ""}).invoke(protocols, words, input=given)


def due(given: str, *words: str) -> Any:
    result = run("due", "--facts", "-", *words, given=given)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_published_cases_in_their_order() -> None:
    cases = json.loads(CASES.read_text("utf-8"))
    result = run("due", "--facts", str(CASES))
    assert result.exit_code == 0, result.output
    answers = json.loads(result.stdout)
    assert len(answers) == len(cases)
    for case, answer in zip(cases, answers, strict=True):
        assert set(answer) == set(case["expect"]), case["name"]
        for clock, expected in case["expect"].items():
            if "error" in expected:
                assert set(answer[clock]) == {"error"}
                assert answer[clock]["error"]
                continue
            # As text: the time of London with its offset, not merely the same instant.
            assert answer[clock]["due"] == expected["due"], case["name"]
            assert answer[clock]["rule"] == expected["rule"], case["name"]
            assert set(answer[clock]) == {"due", "rule", "reason", "source"}


def test_one_case_with_its_protocol() -> None:
    answer = due(RECEIVED, "--protocol", "bromley")
    assert answer["strategy_discussion"]["rule"] == "bromley-24h"
    assert answer["strategy_discussion"]["source"] == "BROMLEY 1"


def test_one_case_that_names_its_protocol_itself() -> None:
    case = f'{{"protocol": "bury", "facts": {RECEIVED}}}'
    assert due(case)["strategy_discussion"]["rule"] == "bury-24h"


def test_full_adds_what_also_applied() -> None:
    answer = due(RECEIVED, "--protocol", "bury", "--full")["strategy_discussion"]
    assert answer["force"] == "target"
    assert answer["also"] == [
        {
            "rule": "three-working-days",
            "force": "limit",
            "source": "TIMING, Timing of strategy meeting / discussion",
            "set_aside": False,
            "due": "2026-11-23T23:59:59+00:00",
        }
    ]


def test_an_empty_array_and_empty_facts() -> None:
    assert due("[]") == []
    assert due("{}", "--protocol", "london") == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (RECEIVED, "Say which protocol: one of blackburn"),
        ("{", "not valid JSON"),
        (b"\xff", "UTF-8"),
        ("[" * 100_000, "cannot be read"),
        ("7", "A case is a JSON object"),
        (f'[{{"protocol": "london", "facts": {RECEIVED}}}, 7]', "Case 2: A case is a JSON object"),
        ('[{"protocol": "london"}]', 'Case 1: "facts" is missing'),
        ('[{"protocol": "mars", "facts": {}}]', 'Case 1: Unknown protocol "mars"'),
        ('[{"protocol": "london", "facts": {"when": 1}}]', 'Case 1: Unknown fact "when"'),
        (
            '[{"protocol": "london", "facts": {"received_at": "2026-11-18T09:00:00"}}]',
            "Case 1: received_at has no offset",
        ),
        ('[{"protocol": "london", "facts": {"rag": "puce"}}]', "Case 1: Unknown rag 'puce'"),
        ('[{"protocol": "london", "facts": {"rag": "blue"}}]', 'London has no rating "blue"'),
    ],
)
def test_bad_input_is_named_and_ends_with_two(given: str | bytes, message: str) -> None:
    result = run("due", "--facts", "-", given=given)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr


def test_a_facts_file_that_is_not_there() -> None:
    assert run("due", "--facts", "nowhere.json").exit_code == 2


def test_check_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    path = tmp_path / "exampleshire.toml"
    path.write_text('id = "exampleshire"\nname = ""\n', encoding="utf-8")
    result = run("check", str(path))
    assert result.exit_code == 1
    assert f'{path}, line 2: "name" is empty' in result.stderr


def test_check_of_a_good_file_lists_its_rules(tmp_path: Path) -> None:
    path = tmp_path / "exampleshire.toml"
    path.write_text(
        'id = "exampleshire"\nname = "Exampleshire"\nversion = "1"\nsource = "TIMING"\n'
        'ratings = ["red"]\n',
        encoding="utf-8",
    )
    result = run("check", str(path))
    assert result.exit_code == 0
    assert "is good: Exampleshire, version 1" in result.stdout
    assert "three-working-days (standard)" in result.stdout


def test_a_councils_folder_is_used_and_a_bad_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "exampleshire.toml"
    path.write_text("id = 1\n", encoding="utf-8")
    result = run("due", "--facts", "-", "--folder", str(tmp_path), given="[]")
    assert result.exit_code == 1
    assert f"{path}, line 1: " in result.stderr


def test_show_names_rule_force_and_document() -> None:
    result = run("show", "bury")
    assert result.exit_code == 0
    assert "bury-24h (standard): Hold the strategy discussion, within 24 hours" in result.stdout
    assert "Target: the source says in most cases. HO2014, case study Bury: Home" in result.stdout


def test_show_of_an_unknown_protocol() -> None:
    result = run("show", "mars")
    assert result.exit_code == 2
    assert 'Unknown protocol "mars": use one of blackburn' in result.stderr
