"""Finding: a line break in what a library says begins a line of its own, and so forges an entry of
the log; control characters rewrite the screen of whoever reads it (H7)."""

from __future__ import annotations

import json
import logging

import pytest

from app.core.logging import set_up

TYPED = 'x\n{"event": "signed in", "level": "info"}\r\n\x1b[2Kforged\u2028line'


@pytest.mark.parametrize("as_json", [True, False])
def test_what_a_library_says_is_one_line_of_the_log(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    set_up(as_json)
    try:
        logging.getLogger("some.library").warning("cannot read %s", TYPED)
    finally:
        set_up(False)
    said = capsys.readouterr().err
    [line] = [one for one in said.splitlines() if one.strip()]
    assert "\x1b" not in line
    if as_json:
        event = json.loads(line)
        assert (event["library"], event["level"]) == ("some.library", "warning")
