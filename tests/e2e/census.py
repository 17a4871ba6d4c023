"""Opens every page of an example area and keeps what is wrong with it."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Page

from app.accounts.types import Role
from tests.e2e.addresses import WHO, Address, Addresses
from tests.e2e.conftest import Area
from tests.e2e.entering import enter
from tests.e2e.looking import Looked


class Census:
    """Opens pages and keeps what is wrong with them."""

    def __init__(self, app: Flask, area: Area, looked: Looked) -> None:
        self.area = area
        self.looked = looked
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
        try:
            assert self.addresses.leads_to(page.url.removeprefix(self.area.url)) == endpoint
            self.looked.at_once(page)
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
