"""Opens every page of an example area and keeps what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page

from app.accounts.types import Role
from tests.e2e import keyboard
from tests.e2e.addresses import WHO, Address, Addresses
from tests.e2e.conftest import Area
from tests.e2e.entering import enter
from tests.e2e.looking import Looked
from tests.e2e.plain import Plain

# One page of each build: a form with live parts, one behind a link, a long form, a list. None that
# changes by itself while the key is pressed.
PRESSED = frozenset({"booking.book", "guests.meeting", "referrals.enter", "referrals.queue"})


class Census:
    """Opens pages and keeps what is wrong with them."""

    def __init__(self, app: Flask, area: Area, looked: Looked, plain: Plain) -> None:
        self.area = area
        self.looked = looked
        self.plain = plain
        self.addresses = Addresses(app)
        self.opened: dict[str, str] = {}
        self.problems: list[str] = []
        self._browsers: dict[Role | None, Page] = {}

    def browser(self, role: Role | None) -> Page:
        if role not in self._browsers:
            page = self.looked.open_page()
            if role is not None:
                enter(page, self.area, WHO[role], fresh=True)
            self._browsers[role] = page
        return self._browsers[role]

    def open_any(self, endpoint: str, found: list[Address]) -> None:
        """Open the first of these that is a page, and look at it."""
        said = []
        for path, role in found:
            page = self.browser(role)
            if role is not None and self.addresses.asks_again(endpoint):
                enter(page, self.area, WHO[role], fresh=True)
            answer = page.goto(path)
            assert answer is not None
            if answer.status == 200 and page.url == f"{self.area.url}{path}":
                self.look(endpoint, page)
                return
            said.append(f"{path} as {role}: {answer.status} {page.url}")
        self.problems.append(f"{endpoint} is no page: {said[:5] or 'no link leads there'}")

    def look(self, endpoint: str, page: Page) -> None:
        self.opened[endpoint] = page.url
        self._try(endpoint, lambda: self._is(endpoint, page))
        self._try(endpoint, lambda: self.looked.at_once(page))
        self._try(endpoint, lambda: keyboard.walk(page))
        if endpoint in PRESSED:
            self._try(endpoint, lambda: keyboard.tab_through(page))
        self._try(endpoint, lambda: self.plain.compare(page))

    def _is(self, endpoint: str, page: Page) -> None:
        assert self.addresses.leads_to(page.url.removeprefix(self.area.url)) == endpoint

    def _try(self, endpoint: str, check: Callable[[], None]) -> None:
        """Every page is asked everything, whatever is wrong with it."""
        try:
            check()
        except AssertionError as wrong:
            self.problems.append(f"{endpoint}: {wrong}")

    def stranger(self) -> Page:
        """A browser that nobody used yet."""
        page = self.browser(None)
        page.context.clear_cookies()
        return page

    def close(self) -> None:
        for page in self._browsers.values():
            page.context.close()
