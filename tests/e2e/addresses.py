"""Addresses of an example area that lead to something, found by following links as each role."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from html import unescape
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from app.accounts import rules
from app.accounts.types import Permission, Role
from app.cli.example.people import STAFF
from app.web.access import access_of
from tests.e2e.conftest import Area
from tests.e2e.entering import STAFF_COOKIE, staff_cookie

WHO = {role: one.email for one in STAFF for role in one.roles}
# So many pages of a kind are read for their links: not every case can do everything.
PAGES_OF_A_KIND = 6
ANY_TOKEN = "a-link-that-nobody-was-sent-and-looks-like-any-other"
_HREF = re.compile(r'href="([^"#]+)')


class Address(NamedTuple):
    path: str
    role: Role | None  # None for anybody


class Addresses:
    """Of every route that answers GET: what may be opened, and as whom."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._map = app.url_map.bind("127.0.0.1")
        self.rules: dict[str, Rule] = {
            rule.endpoint: rule
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and rule.endpoint != "static"
        }
        self.linked: dict[str, list[Address]] = defaultdict(list)
        self._folders: dict[str, list[str]] = defaultdict(list)

    def walk(self, area: Area, role: Role) -> None:
        """Follow links from this role's first page."""
        browser = requests.Session()
        browser.cookies.set(STAFF_COOKIE, staff_cookie(area, WHO[role], fresh=True))
        waiting, read = deque(["/", "/example/mail"]), Counter[str]()
        while waiting:
            path = waiting.popleft()
            answer = browser.get(area.url + path, timeout=60)
            if "text/html" not in answer.headers["Content-Type"]:
                continue
            # A restricted case leads to its door.
            self._note(answer.url.removeprefix(area.url), role)
            for href in _HREF.findall(answer.text):
                found = urljoin(path, unescape(href))
                if (endpoint := self._note(found, role)) is None:
                    continue
                read[endpoint] += 1
                if read[endpoint] <= PAGES_OF_A_KIND and not self._is_file(endpoint):
                    waiting.append(found)

    def of(self, endpoint: str) -> list[Address]:
        """What may be tried, the best first: links that were seen, then the same page of other
        cases."""
        rule, role = self.rules[endpoint], self._role(endpoint)
        if rule.arguments <= {"token"}:
            only = self._map.build(endpoint, dict.fromkeys(rule.arguments, ANY_TOKEN))
            return [Address(only, role)]
        found = list(self.linked[endpoint])
        if rule.arguments == {"ref"}:
            folder = rule.rule.partition("<")[0]
            for ref in self._folders[folder]:
                found.append(Address(self._map.build(endpoint, {"ref": ref}), role))
        return found

    def leads_to(self, path: str) -> str:
        """The endpoint behind an address that is there."""
        endpoint: str = self._map.match(urlsplit(path).path, method="GET")[0]
        return endpoint

    def asks_again(self, endpoint: str) -> bool:
        """Whether it asks who has been signed in for five minutes to show again who they are."""
        declared = access_of(self.app, endpoint)
        return declared is not None and declared.describe().endswith(", fresh")

    def _note(self, path: str, role: Role) -> str | None:
        """Keep an address; returns its endpoint where it is new and of ours."""
        place = urlsplit(path)
        try:
            endpoint, values = self._map.match(place.path, method="GET")
        except (HTTPException, RequestRedirect):
            return None
        address = Address(path, role)
        known = any(one.path == path for one in self.linked[endpoint])
        if place.netloc or known or endpoint not in self.rules or not self._may(role, endpoint):
            return None
        self.linked[endpoint].append(address)
        if "ref" in values:
            folder = self.rules[endpoint].rule.partition("<")[0]
            if values["ref"] not in self._folders[folder]:
                self._folders[folder].append(values["ref"])
        return endpoint

    def _is_file(self, endpoint: str) -> bool:
        return self.rules[endpoint].rule.endswith((".pdf", ".csv", ".xml"))

    def _role(self, endpoint: str) -> Role | None:
        """The first who may open it; None where that is anybody, or nobody of the staff."""
        wanted = self._wanted(endpoint)
        return wanted and next(role for role in WHO if rules.may([role], wanted))

    def _may(self, role: Role, endpoint: str) -> bool:
        wanted = self._wanted(endpoint)
        return wanted is None or rules.may([role], wanted)

    def _wanted(self, endpoint: str) -> Permission | None:
        """What staff must be permitted for it."""
        declared = access_of(self.app, endpoint)
        kind, _, permission = (declared.describe() if declared else "").partition(": ")
        return Permission(permission.removesuffix(", fresh")) if kind == "staff" else None
