"""A discussion under way, and people who write in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.session import reading, transaction
from app.meetings.discussion import queries
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.meetings import make_meeting
from tests.integration.meetings.discussion.browsing import Serving, sign_in


@dataclass(frozen=True)
class Case:
    """Ids only: rows are read anew in each transaction."""

    ref: str
    meeting_id: int
    children: tuple[int, ...]
    invitees: tuple[int, ...]
    chair: Actor
    writer: Actor

    def child(self, place: int = 0) -> str:
        return f"child:{self.children[place]}"

    def invitee(self, place: int) -> str:
        return f"invitee:{self.invitees[place]}"


@pytest.fixture
def make_case(app) -> Callable[..., Case]:
    def make(state: MeetingState = MeetingState.UNDER_WAY, **options: object) -> Case:
        with app.app_context(), transaction() as session:
            chair = make_staff(session, Role.CHAIR, name="Helen Marsh")
            writer = make_staff(session, Role.SOCIAL_WORKER, name="Dev Patel")
            meeting = make_meeting(session, state, chair=chair, **options)
            return Case(
                meeting.ref,
                meeting.id,
                tuple(child.child_id for child in meeting.children),
                tuple(invitee.id for invitee in meeting.invitees),
                Actor(ActorKind.STAFF, chair.id, chair.name),
                Actor(ActorKind.STAFF, writer.id, writer.name),
            )

    return make


@pytest.fixture
def case(make_case) -> Case:
    return make_case(invitees=4)


@pytest.fixture
def browser(app, case, client) -> FlaskClient:
    """The chair's."""
    with app.app_context():
        sign_in_as(client, case.chair.id)
    return client


@pytest.fixture
def colleague(app, case) -> FlaskClient:
    browser = app.test_client()
    with app.app_context():
        sign_in_as(browser, case.writer.id)
    return browser


@pytest.fixture
def entries(app, case) -> Callable[[], dict[tuple[str, str], str]]:
    """What is written at the moment."""

    def read() -> dict[tuple[str, str], str]:
        with app.app_context():
            session = reading()
            found = queries.entries_of(session, session.get_one(Meeting, case.meeting_id))
            return {place: written.value for place, written in found.items()}

    return read


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # on a busy machine too
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def serving(app: Flask) -> Iterator[Serving]:
    served = Serving(app)
    yield served
    served.stop()


@pytest.fixture
def address(serving: Serving) -> str:
    return serving.address


@pytest.fixture
def open_page(app, case, chromium, address) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def open_(staff_id: int, scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=scripts
        )
        contexts.append(context)
        sign_in(app, context, address, staff_id)
        page = context.new_page()
        page.goto(f"{address}/discussions/{case.ref}/hold")
        if scripts:
            expect(page.locator("body")).to_have_class(re.compile("js-enabled"))
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page, case) -> Page:
    """The chair's."""
    return open_page(case.chair.id)
