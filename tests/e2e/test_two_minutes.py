"""From the decided referral to eight invitations in two pages and fourteen interactions (C1): by
mouse, and by keyboard alone. An interaction is a key or click that chooses something, or a field
that is filled in; moving the focus is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Area

ADMINISTRATOR, CHAIR = "administrator@council.example", "chair@council.example"
INVITEES = 8
MOST_PAGES = 2
MOST_INTERACTIONS = 14
SEARCH = "health"

pytestmark = pytest.mark.browser


@dataclass
class Counted:
    """Somebody at the desk; counts what they choose and which pages they come to."""

    page: Page
    keyboard: bool
    done: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("domcontentloaded", lambda page: self.pages.append(page.url))

    def press(self, target: Locator, what: str) -> None:
        self.done.append(what)
        if not self.keyboard:
            target.click()
            return
        self._walk_to(target)
        self.page.keyboard.press("Enter")

    def fill(self, target: Locator, words: str) -> None:
        self.done.append(f"type {words}")
        if not self.keyboard:
            target.fill(words)
            return
        self._walk_to(target)
        self.page.keyboard.type(words)

    def _walk_to(self, target: Locator) -> None:
        """By Tab alone, as somebody without a mouse goes."""
        for _ in range(400):
            if target.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {target}")


@pytest.mark.parametrize("keyboard", [False, True], ids=["mouse", "keyboard"])
def test_eight_invitations_in_two_pages_and_fourteen_interactions(
    keyboard: bool, area: Area, new_browser: Callable[..., Page]
) -> None:
    _needed(new_browser(CHAIR))
    page = new_browser(ADMINISTRATOR)
    desk = Counted(page, keyboard)
    desk.press(
        page.get_by_role("link", name="Book the strategy discussion").first, "open the booking"
    )
    page.locator("#booking-form").wait_for()
    booking = page.url
    find = page.get_by_role("button", name="Find", exact=True)
    if _invited(page) < INVITEES:
        desk.fill(page.locator("#search"), SEARCH)
        desk.press(find, "find")
        page.locator(".app-found__person").first.wait_for()
    while (before := _invited(page)) < INVITEES:
        desk.press(page.locator(".app-found__person button").first, "add somebody")
        expect(page.locator(".app-invitee__come:checked")).to_have_count(before + 1)
    reason = page.locator("#late_reason")
    if reason.is_visible():  # near midnight nothing is left before the deadline
        desk.fill(reason, "Nobody is free before.")
    desk.press(page.get_by_role("button", name="Send invitations"), "send")
    page.wait_for_url(lambda url: url != booking)
    expect(page.get_by_text("Booked. The invitations are on their way.")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"0 of {INVITEES} have answered")
    print(f"\n{'keyboard' if keyboard else 'mouse'}: {len(desk.done)} interactions: {desk.done}")
    assert len(desk.done) <= MOST_INTERACTIONS
    # The booking page, and the discussion with its invitations on their way.
    assert len(desk.pages) == MOST_PAGES, desk.pages


def _needed(page: Page) -> None:
    """A discussion to be booked: how many the example week has left depends on the hour."""
    page.goto("/referrals/")
    referral = page.locator("main a[href^='/referrals/RF-']:not([href*='/as-sent'])").first
    page.goto(f"{referral.get_attribute('href')}/strategy-discussion")
    page.locator("textarea[name='reason']").fill("Significant harm is suspected.")
    page.get_by_role("button", name="It is needed").first.click()
    page.wait_for_url("**/book")


def _invited(page: Page) -> int:
    """Everybody who is ticked; the chair comes beside them."""
    return page.locator(".app-invitee__come:checked").count()
