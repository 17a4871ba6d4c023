"""Web server and worker are killed in the middle of their work, again and again (H4): nothing that
was acknowledged is lost, nothing is half there, nothing happens twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.killing import Ground, ground_on, kill_and_check


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    with ground_on(database_url, tmp_path) as ground:
        yield ground


def test_killed_in_the_middle_nothing_is_lost_and_nothing_half_done(ground: Ground) -> None:
    print(kill_and_check(ground, rounds=2))


@pytest.mark.long
def test_killed_many_times(ground: Ground) -> None:
    print(kill_and_check(ground, rounds=24))
