"""Booking, changing and calling off in real Chromium: axe, 320 px, by keyboard, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.looking import Looked

pytestmark = pytest.mark.browser
ADMINISTRATOR = "administrator@council.example"
both = pytest.mark.parametrize("scripts", (True, False), ids=("scripts", "without scripts"))


@pytest.fixture
def at_the_desk(new_browser: Callable[..., Page]) -> Callable[[bool], Page]:
    """The first page, with scripts or without."""
    return lambda scripts: new_browser(ADMINISTRATOR, scripts=scripts)


def press(target: Locator) -> None:
    """By keyboard: the focus is there, and Enter presses."""
    target.focus()
    target.press("Enter")


def booked(page: Page, fits: Callable[[Page], bool]) -> str:
    """The first booked discussion whose page fits."""
    page.goto("/")
    links = page.locator("main a[href^='/discussions/SD-']").all()
    found = (re.match(r"/discussions/[\w-]+", one.get_attribute("href") or "") for one in links)
    for address in dict.fromkeys(each[0] for each in found if each):
        page.goto(address)
        if page.get_by_role("link", name="Change time or people").count() and fits(page):
            return address
    raise AssertionError("the example area holds no such booking")


@both
def test_somebody_typed_whose_address_looks_like_another(
    at_the_desk: Callable[[bool], Page], looked: Looked, scripts: bool
) -> None:
    page = at_the_desk(scripts)
    page.get_by_role("link", name="Book the strategy discussion").first.click()
    page.locator("#booking-form").wait_for()
    expect(page.locator("#preview")).to_contain_text("each to one address alone")
    swap = page.locator(".app-invitee__swaps button").first
    name = swap.inner_text().removeprefix("Ask ").partition(" instead")[0]
    press(swap)
    expect(page.locator(".app-invitee label strong", has_text=name)).to_be_visible()
    press(page.locator("summary", has_text="Somebody who is not in the directory"))
    page.get_by_label("Name", exact=True).fill("Tess Typed")
    page.locator("#new-agency").fill("Community Health")
    page.locator("#new-email").fill("tess@hea1th.example")
    looked.at(page)
    press(page.get_by_role("button", name="Put on the list"))
    card = page.locator("li.app-invitee", has_text="Tess Typed")
    expect(card).to_contain_text("looks like health.example")
    if not scripts:
        press(page.get_by_role("button", name="Show every letter"))
    expect(page.locator("#preview")).to_contain_text("Tess Typed")
    looked.at(page)
    press(page.get_by_role("button", name="Send invitations"))
    problem = page.locator(".govuk-error-summary a", has_text="Read the address back")
    expect(problem).to_be_visible()
    looked.at(page)
    press(problem)
    expect(card.get_by_label("I have read this address back")).to_be_focused()
    press(card.get_by_role("button", name="Take off the list"))
    expect(card).to_have_count(0)


def test_a_change_says_who_gets_what_before_it_is_saved(
    at_the_desk: Callable[[bool], Page], looked: Looked
) -> None:
    """Somebody is removed from a call with a typed dial-in: once refused, then with the reason."""
    page = at_the_desk(True)
    _remove(page, looked, lambda: None)


def test_the_same_change_without_scripts(
    at_the_desk: Callable[[bool], Page], looked: Looked
) -> None:
    page = at_the_desk(False)
    show = page.get_by_role("button", name="Show every letter")
    _remove(page, looked, lambda: press(show))


def _remove(page: Page, looked: Looked, show: Callable[[], None]) -> None:
    booked(page, lambda one: "020 7946 0166" in one.locator("main").inner_text())
    press(page.get_by_role("link", name="Change time or people"))
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Nothing is changed yet: nobody gets a letter.")
    card = page.locator("li.app-invitee").first
    name = card.locator("label strong").first.inner_text()
    card.locator(".app-invitee__come").focus()
    page.keyboard.press("Space")
    show()
    expect(preview).to_contain_text(f"Cancellation: {name}")
    expect(preview).to_contain_text("No letter, because nothing in their entry changes: ")
    page.locator("li.app-invitee").first.get_by_label(f"Why is {name} removed?").fill("Moved on")
    press(page.get_by_role("button", name="Save and tell everybody concerned"))
    problem = page.locator(".govuk-error-summary a", has_text="knows this dial-in")
    expect(problem).to_be_visible()
    looked.at(page)
    press(problem)
    expect(page.locator("#dial_in")).to_be_focused()
    page.get_by_label("Why does this dial-in stay?").fill("The colleague is on annual leave then.")
    press(page.get_by_role("button", name="Save and tell everybody concerned"))
    main = page.locator("main")
    expect(main).to_contain_text("The dial-in that they know stays")
    expect(page.locator("body")).to_contain_text("1 cancellation")
    looked.at(page)


@both
def test_calling_off_reminding_and_sending_again(
    at_the_desk: Callable[[bool], Page], looked: Looked, scripts: bool
) -> None:
    page = at_the_desk(scripts)
    address = booked(page, lambda one: one.get_by_role("link", name="Send again").count() > 0)
    press(page.get_by_role("link", name="Send again").first)
    page.get_by_role("heading", name="Send the invitation again").wait_for()
    page.get_by_label("Email address").fill("no address")
    press(page.get_by_role("button", name="Send again"))
    page.locator(".govuk-error-summary").wait_for()
    looked.at(page)
    page.goto(f"{address}/remind")
    press(page.get_by_role("button", name="Send the reminders"))
    expect(page.locator("body")).to_contain_text(
        re.compile("The reminders are on their way|Nobody who gets email still has to")
    )
    page.goto(f"{address}/cancel")
    press(page.get_by_role("button", name="Cancel the discussion"))
    expect(page.locator(".govuk-error-summary")).to_contain_text("Say why it is cancelled")
    looked.at(page)


def _here(page: Page) -> tuple[str, str, float]:
    """What has the focus, by id or name, and how far the page is scrolled."""
    found = page.evaluate(
        "() => [document.activeElement.id, document.activeElement.name || '', window.scrollY]"
    )
    return found[0], found[1], found[2]


def _pressed(page: Page, target: Locator) -> tuple[float, str, str, float]:
    """Press by keyboard; how far it was scrolled before, and where one is after the answer."""
    target.focus()
    before = page.evaluate("window.scrollY")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        target.press("Enter")
    page.wait_for_timeout(300)
    return before, *_here(page)


def test_whoever_presses_goes_on_where_they_were(at_the_desk: Callable[[bool], Page]) -> None:
    """I3: the page is replaced at each press; neither the focus nor what is read is lost."""
    page = at_the_desk(True)
    page.get_by_role("link", name="Book the strategy discussion").first.click()
    page.locator("#booking-form").wait_for()
    for stays in ("#times-again", "#show-letters"):
        before, focused, _, after = _pressed(page, page.locator(stays))
        assert f"#{focused}" == stays
        assert abs(after - before) < 60, stays
    # By mouse too: the times that were asked for stay in sight.
    page.locator("#times-again").scroll_into_view_if_needed()
    before = page.evaluate("window.scrollY")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("#times-again").click()
    page.wait_for_timeout(300)
    assert abs(page.evaluate("window.scrollY") - before) < 60
    # Where the button is gone, on the person it was about, or at the search.
    swap = page.locator(".app-invitee__swaps button").first
    _, _, name, _ = _pressed(page, swap)
    assert name.endswith("-come")
    page.locator("#search").fill("police")
    before, focused, _, _ = _pressed(page, page.locator("#find"))
    assert focused in ("find", "search")
    _, _, name, _ = _pressed(page, page.locator(".app-found button").first)
    assert name.endswith("-come")
    added = page.locator(f"[name='{name}']")
    expect(added).to_be_checked()
    drop = page.locator("li.app-invitee", has=added).locator("button[name='drop']")
    _, focused, _, _ = _pressed(page, drop)
    assert focused == "search"
