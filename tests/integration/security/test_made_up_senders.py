"""Finding: whoever floods the public pages says in each request that it comes from another address,
and is never held off (DESIGN, floods)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.core.session import db
from tests.conftest import settings_for


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def behind_one_proxy(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(settings_for(tmp_path, database_url, proxies=1))
    yield app
    with app.app_context():
        db.engine.dispose()


def flood(app: Flask, seen_by_proxy: str) -> list[int]:
    """What 61 posts are answered, each of which names another sender before it came to the proxy,
    which adds the one that it sees."""
    app.config["WTF_CSRF_ENABLED"] = False
    browser, answers = app.test_client(), []
    for number in range(61):
        said = f"192.0.2.{number}" + (f", {seen_by_proxy}" if seen_by_proxy else "")
        answer = browser.post("/sign-in", data={}, headers={"X-Forwarded-For": said})
        answers.append(answer.status_code)
    return answers


def test_without_a_proxy_nothing_that_is_said_counts(app: Flask) -> None:
    assert flood(app, "")[-1] == 429


def test_behind_a_proxy_what_the_proxy_saw_counts_and_nothing_before(
    behind_one_proxy: Flask,
) -> None:
    assert flood(behind_one_proxy, "198.51.100.7")[-1] == 429
