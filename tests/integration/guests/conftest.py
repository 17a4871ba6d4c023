"""Fixtures of the pages that an invited person sees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.guests.attending import Invited


@pytest.fixture
def police(app: Any, change: Any) -> Invited:
    return Invited(app, change)
