"""A page without JavaScript: it says the same, asks the same, and everything can be sent (I3)."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TypedDict

from playwright.sync_api import Browser, Page

_READ = """() => {
const shown = one => one.checkVisibility({visibilityProperty: true})
    && !one.closest("[aria-hidden=true]");
const all = (css, word) => [...document.querySelectorAll(css)].filter(shown).map(word);
const words = one => one.innerText.trim().replace(/\\s+/g, " ");
const sends = "button:not([type=button]):not([type=reset]), input[type=submit]";
const FIELDS = "input:not([type=hidden]), select, textarea";
return {
    headings: all("h1, h2, h3", words).filter(Boolean),
    fields: all(FIELDS, one => one.name).filter(Boolean),
    unsent: [...document.forms]
        .filter(form => [...form.elements].some(one => one.matches(FIELDS) && shown(one)))
        .filter(form => ![...form.elements].some(one => one.matches(sends) && shown(one)))
        .map(form => form.getAttribute("action")),
    idle: all("button[type=button]", words),
};
}"""
_NUMBERS = re.compile(r"\d+")


class _Read(TypedDict):
    headings: list[str]
    fields: list[str]
    unsent: list[str]  # forms to fill in that have no button
    idle: list[str]  # buttons that do something by script alone


class Plain:
    """A browser without scripts, in the place of whoever looks at a page with them."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium

    @cached_property
    def _page(self) -> Page:
        context = self._chromium.new_context(
            java_script_enabled=False, locale="en-GB", timezone_id="Europe/London"
        )
        context.set_default_timeout(30_000)
        return context.new_page()

    def compare(self, page: Page) -> None:
        """Assert that the page now open in `page` is whole without scripts too."""
        lively: _Read = page.evaluate(_READ)
        plain = self._page
        plain.context.clear_cookies()
        plain.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
        plain.goto(page.url, wait_until="domcontentloaded")
        assert plain.url == page.url, f"without scripts {page.url} leads to {plain.url}"
        held: _Read = plain.evaluate(_READ)
        gone = _without_numbers(lively["headings"]) - _without_numbers(held["headings"])
        assert not gone, f"only with scripts {page.url} says: {gone}"
        missing = set(lively["fields"]) - set(held["fields"])
        assert not missing, f"only with scripts {page.url} asks: {missing}"
        assert not held["unsent"], f"without scripts {page.url} cannot send: {held['unsent']}"
        assert not held["idle"], f"without scripts {page.url} has idle buttons: {held['idle']}"

    def close(self) -> None:
        if "_page" in self.__dict__:
            self._page.context.close()


def _without_numbers(words: list[str]) -> set[str]:
    """Minutes go by between two looks."""
    return {_NUMBERS.sub("", one) for one in words}
