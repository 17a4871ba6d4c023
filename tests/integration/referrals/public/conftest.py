"""A desk that takes the public form, and somebody who fills it in."""

from __future__ import annotations

import pytest

from tests.factories.arrivals import Writer
from tests.factories.directory import make_settings


@pytest.fixture
def desk(change):
    with change() as session:
        make_settings(session)


@pytest.fixture
def writer(app, desk):
    return Writer(app)
