"""The published cases: every due moment and rule id, and no other clock."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.protocols.exchange import facts_from
from app.protocols.loading import load_protocols
from app.protocols.rules import clocks
from app.protocols.types import ClockError

CASES = json.loads((Path(__file__).parent / "cases" / "deadlines.json").read_text("utf-8"))
PROTOCOLS = load_protocols()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_case(case: dict[str, Any]) -> None:
    answers = clocks(PROTOCOLS[case["protocol"]], facts_from(case["facts"]))

    assert {clock.value for clock in answers} == set(case["expect"])
    for clock, answer in answers.items():
        expected = case["expect"][clock.value]
        if "error" in expected:
            assert isinstance(answer, ClockError)
            continue
        assert not isinstance(answer, ClockError)
        assert answer.rule == expected["rule"]
        assert answer.due_at == datetime.fromisoformat(expected["due"])
