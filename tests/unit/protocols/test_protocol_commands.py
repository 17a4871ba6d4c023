"""`flask protocols`, run as a person or another program runs it. No application, no database."""

from __future__ import annotations

import json
import re
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
    assert "Within 3 working days after the concern was identified" in result.stdout
    assert "(three-working-days)" in result.stdout


def test_a_councils_folder_is_used_and_a_bad_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "exampleshire.toml"
    path.write_text("id = 1\n", encoding="utf-8")
    result = run("due", "--facts", "-", "--folder", str(tmp_path), given="[]")
    assert result.exit_code == 1
    assert f"{path}, line 1: " in result.stderr


def test_show_reads_as_people_speak_and_names_force_and_document() -> None:
    result = run("show", "bury")
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    assert "Hold the strategy discussion by" in said
    assert "Within 24 hours after the referral was received. Always." in said
    assert "Target: the source says in most cases HO2014, case study Bury: Home" in said
    assert "bury-24h" in said
    assert "Where there is a serious risk of harm." in said
    assert "Exception: goes before the standard rules" in said


def test_show_tells_the_lists_that_are_gone_through_together() -> None:
    said = " ".join(run("show", "north-lincolnshire").stdout.split())
    assert "Daily domestic abuse list" in said
    assert "Every working day. Domestic abuse cases of medium or standard risk." in said
    assert "IMAP 5: North Lincolnshire" in said
    assert "Every working day. Referrals rated red or amber" in " ".join(
        run("show", "bury").stdout.split()
    )


DOCS = Path(__file__).resolve().parents[3] / "docs" / "protocols.md"


def test_the_worked_example_of_the_documentation_does_what_it_says(tmp_path: Path) -> None:
    text = DOCS.read_text("utf-8")
    example = re.search(r"```toml\n(id = \"exampleshire\".*?)```", text, re.DOTALL)
    assert example is not None
    path = tmp_path / "exampleshire.toml"
    path.write_text(example[1], encoding="utf-8")
    checked = run("check", str(path))
    assert checked.exit_code == 0, checked.stderr
    assert "Weekly domestic abuse list: every week, on tuesday" in checked.stdout

    facts = re.search(r"echo '(\{.*?\})'", text)
    assert facts is not None
    asked = ("--protocol", "exampleshire", "--folder", str(tmp_path))
    answer = due(facts[1], *asked)
    assert answer["information_gathering"]["rule"] == "rag-red"
    assert answer["information_gathering"]["due"] == "2026-11-20T19:00:00+00:00"  # 7:00 pm
    assert answer["strategy_discussion"]["rule"] == "exampleshire-two-days"
    assert answer["strategy_discussion"]["due"] == "2026-11-24T23:59:59+00:00"
    full = due(facts[1], *asked, "--full")["strategy_discussion"]["also"]
    assert [other["rule"] for other in full] == ["three-working-days"]

    mistake = re.search(
        r"```toml\n(\[\[series\]\].*?)```\n\n.*?\n```console\n(.*?)```", text, re.DOTALL
    )
    assert mistake is not None
    path.write_text(example[1] + "\n" + mistake[1], encoding="utf-8")
    refused = run("check", str(path))
    assert refused.exit_code == 1
    said = re.search(r"(line \d+: .*)", mistake[2])
    assert said is not None
    assert said[1].strip() in refused.stderr


def test_show_of_an_unknown_protocol() -> None:
    result = run("show", "mars")
    assert result.exit_code == 2
    assert 'Unknown protocol "mars": use one of blackburn' in result.stderr
