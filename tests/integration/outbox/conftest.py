"""What the outbox's page tests share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def token_of() -> Callable[[FlaskClient, str], dict[str, str]]:
    """The form token of a page as this browser sees it."""

    def read(browser: FlaskClient, path: str) -> dict[str, str]:
        page = browser.get(path).get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        return {"csrf_token": found[1]}

    return read
