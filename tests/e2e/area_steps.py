"""What people do in one area, step by step, for the journeys of the areas."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from itertools import count

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Area
from tests.e2e.looking import Looked
from tests.e2e.steps import code_in, text_of, wait_for_letter

POLICE = "cait.duty@police.example"
HEALTH = "paula.jennings@health.example"
SCHOOL = "dsl@oakfield.example"
# What each referral of this file is about: a name of its own, so that no child is known.
NAMES = ("Ottilie", "Peregrine", "Rosalind", "Thaddeus", "Ursuline", "Valentine", "Winifred", "Ivo")
NUMBERS = count()


NOT_KNOWN = "later"


@dataclass
class Borough:
    """The staff of one council, signed in once; its protocol is changed between the journeys."""

    area: Area
    browser: Browser
    administrator: Page
    triage: Page
    chair: Page

    def works_as(self, protocol: str) -> None:
        self.administrator.goto("/council")
        self.administrator.locator(f"input[name='protocol_id'][value='{protocol}']").check()
        press(self.administrator, "Save")
        expect(self.administrator.locator("main")).to_contain_text("saved")

    def anybody(self, *, scripts: bool = True) -> Page:
        """Somebody from outside, with a browser of their own."""
        return open_page(self.browser, self.area, scripts=scripts)


def open_page(browser: Browser, area: Area, *, scripts: bool) -> Page:
    context = browser.new_context(
        base_url=area.url, java_script_enabled=scripts, locale="en-GB",
        timezone_id="Europe/London", viewport={"width": 1280, "height": 900},
    )  # fmt: skip
    context.set_default_timeout(30_000)  # on a busy machine too
    return context.new_page()


def write(borough: Borough, page: Page, referral: str, began: float, looked: Looked) -> None:
    """The letter to the referrer, which says what became of it and names nobody (A10)."""
    page.goto(f"{referral}/letters")
    page.get_by_label(re.compile("Outcome letter")).check()
    page.get_by_label("Add", exact=False).last.fill("Please keep an eye on attendance.")
    press(page, "Preview")
    page.get_by_role("button", name="Send the letter").wait_for()
    looked.at(page)
    press(page, "Send the letter")
    expect(page.locator("main")).to_contain_text("Not read yet")
    reader = open_link(borough, SCHOOL, began, "A letter for you")
    expect(reader.locator("main")).to_contain_text("Please keep an eye on attendance.")
    expect(reader.locator("main")).not_to_contain_text("Falconbridge")
    looked.at(reader)
    with reader.expect_download() as taken:
        reader.get_by_role("link", name="Take the letter as a PDF").click()
    assert taken.value.path().read_bytes().startswith(b"%PDF-1.7")
    reader.context.close()
    page.reload()
    expect(page.locator("main")).to_contain_text("Read")


def refer(page: Page, rating: str, consent: str = "given") -> str:
    """A referral by telephone, rated as it came in; returns its address."""
    fill_in(page, rating, consent=consent)
    saved(page)
    return page.url


def fill_in(page: Page, rating: str, *, consent: str) -> None:
    number = next(NUMBERS)
    page.goto("/referrals/new")
    page.locator("#source_agency_id").select_option(label="Oakfield Primary School")
    page.locator("[name='channel'][value='phone']").check()
    page.locator("#referrer_name").fill("Sarah Lindqvist")
    lindqvist = page.locator("#referrer_professional_id option", has_text="Lindqvist").first
    page.locator("#referrer_professional_id").select_option(lindqvist.get_attribute("value"))
    page.locator("#children-0-given_name").fill(NAMES[number % len(NAMES)])
    page.locator("#children-0-family_name").fill("Falconbridge")
    for part, value in (("day", "3"), ("month", "7"), ("year", str(2010 + number))):
        page.locator(f"[name='children-0-date_of_birth-{part}']").fill(value)
    page.locator("[name='concerns'][value='neglect']").check()
    page.locator("#narrative").fill("Often hungry, and twice without a coat this week.")
    page.locator(f"[name='consent'][value='{consent}']").check()
    page.locator(f"[name='rating'][value='{rating}']").check()
    page.locator("#rating_reason").fill("By what the school said.")


def saved(page: Page) -> None:
    press(page, "Save the referral")
    entered = page.locator("h1", has_text="Falconbridge")
    entered.or_(page.get_by_text("Before saving")).first.wait_for(timeout=60_000)
    if page.get_by_text("Before saving").count():
        for different in page.get_by_text("A different child").all():
            different.click()
        press(page, "Save the referral")
    entered.wait_for()


def rate(page: Page, referral: str, colour: str, *, after: bool = False) -> None:
    page.goto(f"{referral}/rating")
    page.get_by_label(colour, exact=True).check()
    if after:
        page.get_by_label("After information gathering").check()
        page.get_by_label("Why now, without them?").fill("All were on the telephone.")
    page.get_by_label("Reason", exact=True).fill("What is known now.")
    press(page, "Save")
    expect(page.locator("main")).to_contain_text("The rating is recorded.")


def disagree(page: Page, referral: str, wanted: str) -> None:
    page.goto(f"{referral}/rating/disagree")
    page.get_by_label("Who disagrees?").fill("Paula Jennings, school nurse")
    page.get_by_label(wanted, exact=True).check()
    page.get_by_label("Why?").fill("Weight is falling.")
    press(page, "Save")
    expect(page.locator("main")).to_contain_text("The disagreement is recorded.")


def settle(page: Page, referral: str, rating: str, *, settled: bool) -> None:
    page.goto(f"{referral}/rating/settle")
    page.get_by_label(rating, exact=True).check()
    page.get_by_label("Reason", exact=True).fill("Weighed in the meeting.")
    page.locator(f"[name='settled'][value='{'yes' if settled else 'no'}']").check()
    press(page, "Save")


def decide(page: Page, referral: str, outcome: str) -> None:
    page.goto(f"{referral}/decision")
    page.locator(f"[name='outcome'][value='{outcome}']").check()
    page.get_by_label("Reason", exact=True).fill("What is known points this way.")
    press(page, "Save")


def answer_by_link(
    borough: Borough, address: str, began: float, held: str | None, looked: Looked
) -> None:
    """An agency follows its link; behind a team's address name and role come first."""
    page = open_link(borough, address, began, "Request for information")
    if page.get_by_role("heading", name="Who are you?").count():
        looked.at(page)
        page.get_by_label("Your name").fill("Jo Duty")
        page.get_by_label("Your role").fill("Duty sergeant")
        press(page, "Continue")
    page.get_by_role("heading", name="Request for information").wait_for()
    expect(page.locator("main")).to_contain_text("Falconbridge")
    if held is None:
        press(page, "Nothing held")
    else:
        page.locator("textarea[name='words']").fill(held)
        press(page, "Send what we hold")
    expect(page.locator("main")).to_contain_text("We received your answer")
    looked.at(page)
    page.context.close()


def open_link(borough: Borough, address: str, began: float, subject: str) -> Page:
    """Somebody from outside, behind link and code."""
    letter = wait_for_letter(borough.area, address, began, lambda m: subject in m["Subject"])
    found = re.search(r"https?://[^/\s]+(/r/\S+)", text_of(letter))
    assert found
    page = borough.anybody()
    page.goto(found[1])
    asked = time.time() - 1
    press(page, "Send me a code")
    code = wait_for_letter(borough.area, address, asked, lambda m: m["Subject"] == "Your code")
    page.get_by_label("Code").fill(code_in(code))
    press(page, "Continue")
    return page


def clock(page: Page, rule: str) -> Locator:
    """The panel of the clock that this rule sets."""
    return page.locator(".app-deadline", has=page.locator(".app-rule", has_text=rule))


def on_clock(page: Page, rule: str, *, hours: int = 0, days: int = 0) -> None:
    """The panel of this rule stands on the page, and its time is counted from the receipt."""
    panel = clock(page, rule)
    expect(panel).to_have_count(1)
    left = panel.locator(".app-deadline__left").inner_text()
    if hours:
        numbers = re.findall(r"(\d+) (day|hour|minute)", left)
        minutes = sum(int(n) * {"day": 1440, "hour": 60, "minute": 1}[unit] for n, unit in numbers)
        assert hours * 60 - 10 <= minutes <= hours * 60, left
    else:
        assert re.match(rf"{days} day|{days - 1} day|\d+ hours", left), left


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()
