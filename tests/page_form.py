"""A form as a browser without JavaScript would send it: every control that is on the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action
        self.inside = False
        self.fields: list[tuple[str, str]] = []
        self.select: str | None = None
        self.options: list[tuple[str, bool]] = []
        self.textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = held.get("action", self.action) == self.action
        if not self.inside or ("name" not in held and tag != "option"):
            return
        if tag == "input":
            if held.get("type") in ("checkbox", "radio") and "checked" not in held:
                return
            if held.get("type") not in ("file", "submit"):
                self.fields.append((held["name"], held.get("value", "")))
        elif tag == "select":
            self.select, self.options = held["name"], []
        elif tag == "option":
            self.options.append((held.get("value", ""), "selected" in held))
        elif tag == "textarea":
            self.textarea = held["name"]
            self.fields.append((held["name"], ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select" and self.select is not None:
            chosen = [value for value, selected in self.options if selected]
            first = [value for value, _selected in self.options][:1]
            self.fields += [(self.select, value) for value in (chosen or first)]
            self.select = None
        elif tag == "textarea":
            self.textarea = None

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            name, value = self.fields[-1]
            self.fields[-1] = (name, (value + data).removeprefix("\n"))


def form_of(html: str, action: str) -> dict[str, str]:
    """The fields of the form that posts to `action`; change some, add a button, and send it."""
    reader = _Reader(action)
    reader.feed(html)
    return dict(reader.fields)


_MARK = re.compile(r'name="page-mark" value="([^"]+)"')


def mark_of(html: str) -> dict[str, str]:
    """The mark by which a page behind a link says what it belongs to; empty for other pages."""
    found = _MARK.search(html)
    return {"page-mark": found[1]} if found else {}


def press(browser, page: str, action: str, **changes: object):
    fields = form_of(browser.get(page).text, action)
    return browser.post(action, data=fields | changes)
