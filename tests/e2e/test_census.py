"""Every page of the product is looked at once: with axe, in a window of 320 px, by keyboard alone,
and without JavaScript (I3).

What answers GET is known from the application's own map of addresses. Each is opened in the example
area as somebody who may, or stands below with the reason why it is not: a new page is looked at
from its first day.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app.accounts.types import Role
from tests.e2e.by_hand import BY_HAND
from tests.e2e.census import Census
from tests.e2e.conftest import Area, copy_of, serve
from tests.e2e.looking import Looked
from tests.e2e.plain import Plain

pytestmark = pytest.mark.browser

# Who sees most goes first, and meets the pages that others see as well.
BUSIEST_FIRST = (Role.CHAIR, *(role for role in Role if role is not Role.CHAIR))
FILE = "a file, no page"
PART = "a part of a page that asks for it by script"
ELSEWHERE = "sends on to another page"
ASKED = "a question of the public form: test_public_form looks at each of them"
NO_PAGE = {
    "accounts.picture": FILE,
    "accounts.token": PART,
    "assessment.past": "stands after an upgrade alone: test_assessments_from_before looks at it",
    "arrivals.file": FILE,
    "board.pdf": FILE,
    "dataset.export": FILE,
    "discussion_live.changes": PART,
    "discussion_live.due": PART,
    "discussion_live.list_actions": PART,
    "guests.earlier_report_file": FILE,
    "guests.form_file": FILE,
    "guests.record": FILE,
    "guests.record_download": FILE,
    "guests.report_file": FILE,
    "health.health": "for programs",
    "health.metrics": "for programs",
    "imports.headings": FILE,
    "meetings.overview_now": PART,
    "meetings.report": FILE,
    "own.picture": FILE,
    "papers.form_now": PART,
    "papers.sent": FILE,
    "received.original": FILE,
    "record_extracts.actions": FILE,
    "record_extracts.child": FILE,
    "records.draft": FILE,
    "records.version_pdf": FILE,
    "refer.adult": ASKED,
    "refer.adults": ASKED,
    "refer.check": ASKED,
    "refer.child": ASKED,
    "refer.children": ASKED,
    "refer.concerns": ASKED,
    "refer.consent": ASKED,
    "refer.files": ASKED,
    "refer.later": ASKED,
    "refer.resume": ELSEWHERE,
    "refer.safety": ASKED,
    "refer.sent": ASKED,
    "refer.story": ASKED,
    "refer.telephone": ASKED,
    "requests.letter": FILE,
    "returns.census": FILE,
    "returns.list5": FILE,
    "sign_on.again": ELSEWHERE,
    "sign_on.callback": ELSEWHERE,
    "wall.open_link": ELSEWHERE,
    "wall.screen": "a screen of its own: test_areas_abuse looks at both of them",
}


@pytest.fixture
def engine_name() -> str:
    """The application is asked for its addresses alone."""
    return "sqlite"


@pytest.fixture(scope="module")
def area(example_week: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Area]:
    """An example area with single sign-on, at a provider that does not answer."""
    folder = copy_of(example_week, tmp_path_factory)
    provider = {"OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": "desk"}
    with serve(folder, **provider, OIDC_CLIENT_SECRET="a secret of the example") as served:
        yield served


@pytest.fixture
def census(app: Flask, chromium: Browser, area: Area, looked: Looked) -> Iterator[Census]:
    plain = Plain(chromium)
    counted = Census(app, area, looked, plain)
    yield counted
    counted.close()
    plain.close()


def test_every_page_is_looked_at(census: Census) -> None:
    for role in BUSIEST_FIRST:
        census.addresses.walk(census.area, role)
    for reach in BY_HAND:
        reach(census, census.stranger())
    census.stranger()
    named = NO_PAGE.keys() | census.opened.keys()
    for endpoint in sorted(census.addresses.rules.keys() - named):
        census.open_any(endpoint, census.addresses.of(endpoint))
    gone = NO_PAGE.keys() - census.addresses.rules.keys()
    assert not gone, f"No longer there, take out of the table: {gone}"
    assert not census.problems, "\n\n".join(census.problems)
