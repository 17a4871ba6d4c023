"""An application with one of everything, and everybody who might try to open what is not theirs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from weakref import WeakSet

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import create_app
from app.accounts.pending import PENDING
from app.accounts.types import Role
from app.core.clock import now
from app.core.session import db, transaction
from tests.conftest import settings_for
from tests.factories.accounts import sign_in_as
from tests.guards.one_of_each import Filled, fill
from tests.page_form import mark_of

# Who comes from outside, or is not yet signed in, and what lets them in (app/web/access.py).
OUTSIDERS = {
    "anonymous": "nothing",
    "invitee": "guest: own invitation",
    "referrer": "referrer: own form",
    "asked or written to": "asked or written to: own request or letter",
    "form reader": "form reader: own form",
    "half signed in": "after the password",
    "display": "display: own screen",
}
VISITORS = (*OUTSIDERS, *(role.value for role in Role))
DATABASE = "strategy.sqlite3"
# Where the pages of a link begin, which say by a mark what is sent from them (app/web/own_page.py).
_MARKED = {
    "invitee": "/attend", "form reader": "/form", "referrer": "/refer/children/1",
    "asked or written to": "/request",
}  # fmt: skip
_COOKIES = {"invitee": "guest", "form reader": "guest", "referrer": "refer"}


@dataclass(frozen=True)
class World:
    """An application with two discussions. Addresses lead to the second; whoever comes from
    outside is one of the first."""

    app: Flask
    filled: Filled
    marked: WeakSet[FlaskClient] = field(default_factory=WeakSet)

    @property
    def staff(self) -> dict[Role, int]:
        return self.filled.staff

    def path(self, rule: Rule, visitor: str = "") -> str:
        """The rule's address, of what is this visitor's own, else of the second discussion."""
        values: dict[str, object] = dict(rule.defaults or {})
        for name in rule.arguments - set(values):
            values[name] = self._value(rule, name, visitor)
        adapter = self.app.url_map.bind("localhost")
        return adapter.build(rule.endpoint, values, method=None)

    def _value(self, rule: Rule, name: str, visitor: str) -> str:
        if name == "ref":
            fits = [one for one in self.filled.refs if rule.rule.startswith(one)]
            assert fits, f"{rule}: of what? Make one in {fill.__module__}"
            return self.filled.refs[max(fits, key=len)]
        blueprint = rule.endpoint.split(".")[0]
        values = self.filled.values | self.filled.own.get(visitor, {})
        for key in (f"{rule.endpoint}.{name}", f"{blueprint}.{name}", name):
            if key in values:
                return values[key]
        raise AssertionError(f"{rule}: which {name}? Make one in {fill.__module__}")

    def browser(self, visitor: str) -> FlaskClient:
        """A fresh browser of one of `VISITORS`."""
        browser = self.app.test_client()
        if visitor == "display":
            made = self.filled.display
            browser.set_cookie("wall", made.token, path=f"/wall/{made.id}")
        elif visitor == "half signed in":
            with browser.session_transaction() as cookie:
                cookie[PENDING] = self.filled.tokens[visitor]
        elif visitor in self.filled.tokens:
            name = _COOKIES.get(visitor, "request")
            browser.set_cookie(name, self.filled.tokens[visitor])
        elif visitor != "anonymous":
            with self.app.app_context():
                sign_in_as(browser, self.staff[Role(visitor)])
        return browser

    def mark(self, visitor: str) -> dict[str, str]:
        """What a form of this visitor's own pages carries."""
        if visitor not in _MARKED:
            return {}
        found = mark_of(self.browser(visitor).get(_MARKED[visitor]).text)
        assert found, visitor
        return found

    def open(
        self, browser: FlaskClient, path: str, method: str, typed: dict[str, str] | None = None
    ) -> TestResponse:
        """Ask as a page of ours would: else a missing token answers before the rule does."""
        if browser not in self.marked:
            with browser.session_transaction() as cookie:
                cookie["csrf_token"] = self._forgery[1]
            self.marked.add(browser)
        return browser.open(
            path, method=method, headers={"X-CSRFToken": self._forgery[0]}, data=typed
        )

    @cached_property
    def _forgery(self) -> tuple[str, str]:
        """A token as a page holds it, and what the cookie then holds."""
        with self.app.test_request_context():
            return generate_csrf(), session["csrf_token"]


@pytest.fixture
def engine_name() -> str:
    """Who may open what does not depend on the database."""
    return "sqlite"


@cache
def _filled(template: Path) -> tuple[Path, Filled]:
    """The folder of a database with everything in it, made once a run: each test gets a copy."""
    folder = template.parent / "filled"
    folder.mkdir()
    shutil.copy(template, folder / DATABASE)
    app = create_app(settings_for(folder, f"sqlite:///{folder / DATABASE}"))
    with app.app_context():
        with transaction() as change:
            made = fill(change, app, now())
        db.engine.dispose()
    return folder, made


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    folder, made = _filled(sqlite_template)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)  # with the key of the seal
    app = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path / DATABASE}"))
    yield World(app, deepcopy(made))
    with app.app_context():
        db.engine.dispose()
