"""Domestic abuse as four areas work with it, each from its own text (A8, C10, G2): Derby,
North Lincolnshire, Wiltshire by a file of its own, and Nottinghamshire's screens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Area, copy_of, serve
from tests.e2e.looking import Looked

ADMINISTRATOR = "administrator@council.example"
TRIAGE = "triage@council.example"
SAVE = re.compile("^Save (and next case|the outcome)$")

# HO2014, case study Wiltshire: "all Domestic Abuse referrals - with or without children, will be
# subject of a Daily Domestic Abuse Conference Call".
WILTSHIRE = """\
id = "wiltshire"
name = "Wiltshire"
version = "1"
source = "HO2014, case study Wiltshire"
ratings = ["red", "amber", "green"]

[[series]]
id = "daily-call"
name = "Daily domestic abuse conference call"
every = "working_day"
domestic_abuse = ["high", "medium", "standard"]
source = "HO2014, case study Wiltshire"
reason = "All domestic abuse referrals, with or without children, are subject of a daily call."
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def area(example_week: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Area]:
    """An example area with the protocol of a council that is not shipped."""
    folder = tmp_path_factory.mktemp("protocols")
    (folder / "wiltshire.toml").write_text(WILTSHIRE, encoding="utf-8")
    with serve(copy_of(example_week, tmp_path_factory), PROTOCOLS_DIR=str(folder)) as served:
        yield served


def work_by(page: Page, protocol: str) -> None:
    """The administrator chooses the protocol in the council's settings."""
    page.goto("/council")
    page.locator(f"[name='protocol_id'][value='{protocol}']").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("settings are saved")).to_be_visible()


def enter_case(
    page: Page, risk: str, account: str, child: tuple[str, str] | None, adult: tuple[str, str]
) -> str:
    """Enter what the police told of; returns the address of the case."""
    page.goto("/domestic-abuse/new")
    page.locator("#source_agency_id option", has_text="police").first.wait_for(state="attached")
    police = page.locator("#source_agency_id option", has_text="police").first
    page.locator("#source_agency_id").select_option(police.get_attribute("value"))
    page.locator(f"[name='risk'][value='{risk}']").check()
    page.locator("#account").fill(account)
    page.locator("#harmed-given_name").fill(adult[0])
    page.locator("#harmed-family_name").fill(adult[1])
    if child is not None:
        page.locator("#children-0-given_name").fill(child[0])
        page.locator("#children-0-family_name").fill(child[1])
    page.get_by_role("button", name="Save the case").click()
    page.get_by_text("For this list only.").wait_for()
    return page.url


def test_from_case_to_case_by_keyboard_alone(new_browser: Callable[..., Page]) -> None:
    """C10: the list is gone through without a mouse and without access keys."""
    work_by(new_browser(ADMINISTRATOR), "north-lincolnshire")
    page = new_browser(TRIAGE)
    for name in ("Peony", "Tansy"):
        enter_case(page, "medium", "Shouting was heard.", None, (name, "Underbarrow"))
    page.goto("/lists/")
    page.get_by_role("button", name=re.compile("list of")).or_(
        page.get_by_role("link", name=re.compile("list of"))
    ).first.click()
    added = page.get_by_role("button", name=re.compile("Add what came in"))
    if added.count():
        added.click()
    _press_until(page, "Tab", "Go through the cases")
    page.keyboard.press("Enter")
    seen: list[str] = []
    for _ in range(2):
        name = page.locator("h1")
        expect(name).to_be_focused()
        seen.append(page.url)
        _press_until(page, "Tab", "What was shared")
        page.keyboard.type("Health: nothing held.")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")  # from "Not reached", the last, to the first outcome
        expect(page.get_by_label("No further action", exact=True)).to_be_checked()
        _press_until(page, "Tab", "Reason for the outcome")
        page.keyboard.type("Support is in place.")
        _press_until(page, "Tab", "Save and next case")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url not in seen)
        expect(page.get_by_text(re.compile("is saved"))).to_be_visible()
    expect(name).to_be_focused()
    # The cases before and after stand just before the name.
    here = page.url
    _press_until(page, "Shift+Tab", "Case before")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != here)
    expect(page.locator("h1")).to_be_focused()


def _press_until(page: Page, key: str, words: str) -> None:
    """Press a key until the focus is on the link, button or field that is called so."""
    for _ in range(40):
        page.keyboard.press(key)
        called = page.evaluate(
            "() => { const at = document.activeElement;"
            " return (at.labels?.[0] ?? at).textContent.trim(); }"
        )
        if called.startswith(words):
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_north_lincolnshires_daily_list(
    scripts: bool, new_browser: Callable[..., Page], looked: Looked
) -> None:
    work_by(new_browser(ADMINISTRATOR, scripts=scripts), "north-lincolnshire")
    page = new_browser(TRIAGE, scripts=scripts)
    family = "Applegarth" if scripts else "Fennimore"
    # IMAP 5: assessed by the police as medium and lower level, not requiring contact or referral.
    enter_case(page, "medium", "Third call in six months.", ("Juniper", family), ("Iris", family))
    looked.at(page)
    # IMAP 5: the information will only be used in this context.
    page.goto("/referrals/?show=all")
    expect(page.get_by_text(family)).to_have_count(0)
    # IMAP 5: considered at a daily information sharing meeting.
    page.goto("/lists/")
    page.get_by_role("button", name=re.compile("list of")).or_(
        page.get_by_role("link", name=re.compile("list of"))
    ).first.click()
    added = page.get_by_role("button", name=re.compile("Add what came in"))
    if added.count():
        added.click()
    looked.at(page)
    page.get_by_role("link", name=re.compile(f"Juniper {family}")).click()
    page.get_by_role("heading", name=re.compile(family)).wait_for()
    looked.at(page)
    address = page.url
    page.get_by_label("What was shared").fill("School: settled and well.")
    # IMAP 3: early help needs consent; without it nothing leaves the list.
    page.get_by_label("Early help", exact=True).check()
    page.get_by_label("Reason for the outcome").fill("She asks for help with routines.")
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("takes this beyond the list")
    expect(page.get_by_label("What was shared")).to_have_value("School: settled and well.")
    looked.at(page)
    # IMAP 5 (A): consent.
    page.get_by_label("Consent is given to share it").check()
    page.get_by_label("Who gave consent and when").fill("Iris agreed by telephone.")
    page.get_by_role("button", name=SAVE).click()
    page.wait_for_url(lambda url: url != address)
    page.goto("/referrals/")
    expect(page.get_by_text(f"Juniper {family}").first).to_be_visible()
    # What was not reached is carried over; who took part stands in the record.
    if scripts:
        return  # the list is ended by the second journey, which goes on with it
    page.goto(address.rsplit("/", 1)[0])
    page.get_by_label("Who takes part").fill("Jo Reyes, police\nSam Oduya, social care")
    page.get_by_role("button", name=re.compile("End the list")).click()
    expect(page.get_by_text("Carried over").first).to_be_visible()
    expect(page.get_by_text("Jo Reyes, police")).to_be_visible()


def test_derbys_high_risk_is_discussed_on_the_day(
    new_browser: Callable[..., Page], looked: Looked
) -> None:
    work_by(new_browser(ADMINISTRATOR), "derby")
    page = new_browser(TRIAGE)
    enter_case(page, "high", "A 999 call; he was arrested.", ("Wilf", "Pettifer"), ("Ada", "P"))
    # DERBY 4.11: on the day of referral, or the next working day after a weekend or bank holiday.
    expect(page.locator("#clock")).to_contain_text("Discuss by")
    expect(page.locator("#clock")).to_contain_text("da-high")
    page.get_by_role("link", name=re.compile("Change risk and help")).click()
    page.get_by_label("DASH score").fill("18")
    page.locator("[name='idva'][value='offered']").check()
    for part, value in (("day", "1"), ("month", "11"), ("year", "2026")):
        page.locator(f"[name='marac_on-{part}']").fill(value)
    looked.at(page)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("18 of 24")).to_be_visible()
    expect(page.get_by_text("Referred on 1 November 2026")).to_be_visible()
    # DERBY 4.11: the team manager discusses it with the Detective Sergeant.
    page.get_by_role("button", name="Discuss it now").click()
    page.get_by_label("Strategy discussion", exact=True).check()
    page.get_by_label("Reason for the outcome").fill("Significant harm suspected.")
    page.get_by_label("A safeguarding concern").check()
    page.get_by_label("Who gave consent and when").fill("Threat to kill, child present.")
    page.get_by_role("button", name=SAVE).click()
    page.get_by_label("Who takes part").fill("DS Hale, police")
    page.get_by_role("button", name="End the discussion").click()
    page.get_by_role("link", name=re.compile("Wilf Pettifer")).click()
    page.get_by_role("link", name=re.compile("^DA-")).click()
    expect(page.locator("#clock")).to_contain_text("Met")
    # DERBY 4.11: medium within 3 days, standard within 7 days, by the team manager.
    enter_case(page, "medium", "Pushed in an argument.", None, ("Nell", "Quaintance"))
    expect(page.locator("#clock")).to_contain_text("Screen by (team manager)")
    page.goto("/lists/")
    expect(page.get_by_text("Weekly domestic abuse triage").first).to_be_visible()  # DERBY 1.3


def test_wiltshires_daily_call_by_a_file_of_its_own(
    new_browser: Callable[..., Page], looked: Looked
) -> None:
    work_by(new_browser(ADMINISTRATOR), "wiltshire")
    page = new_browser(TRIAGE)
    page.goto("/protocol")
    expect(page.get_by_text("Every working day").first).to_be_visible()
    # HO2014 Wiltshire: with or without children, whatever the risk.
    enter_case(page, "high", "A knife was shown.", None, ("Maud", "Ferrars"))
    page.goto("/lists/")
    expect(page.get_by_text("Daily domestic abuse conference call").first).to_be_visible()
    page.get_by_role("button", name=re.compile("Open the list")).click()
    expect(page.get_by_text("Maud Ferrars")).to_be_visible()
    # HO2014 Wiltshire: "any cases identified as meeting the Child Protection threshold will be
    # fast tracked through to the MASH": consent is not asked for, a concern is.
    page.get_by_role("link", name=re.compile("Maud Ferrars")).click()
    page.get_by_label("No further action", exact=True).check()
    page.get_by_label("Reason for the outcome").fill("The adviser is in touch; no child.")
    page.get_by_role("button", name=SAVE).click()
    expect(page.get_by_text(re.compile("is saved|has its outcome")).first).to_be_visible()


def test_nottinghamshires_two_screens(
    area: Area, new_browser: Callable[..., Page], looked: Looked, tmp_path: Path
) -> None:
    desk = new_browser(ADMINISTRATOR)
    links = []
    for place, shows in (("Left", "Referrals"), ("Right", "Strategy discussions")):
        desk.goto("/displays/")
        desk.get_by_label("Where it hangs").fill(place)
        desk.get_by_label(shows, exact=True).check()
        desk.get_by_role("button", name="Make the display").click()
        links.append(desk.locator(".app-once__link a").get_attribute("href"))
        looked.at(desk)
    # HO2014 Nottinghamshire: "two large display screens which highlight the RAG rating, who is
    # involved and whether partners are replying within required time frames".
    for link, scripts, title in (
        (links[0], True, "Referrals"),
        (links[1], False, "Strategy discussions"),
    ):
        wall = new_browser(scripts=scripts, width=1920, height=1080)
        wall.goto(str(link))
        expect(wall).to_have_url(re.compile(r"/wall/\d+$"))
        expect(wall.get_by_role("heading", name=title)).to_be_visible()
        expect(wall.locator(".wall-row").first).to_be_visible()
        assert wall.evaluate("document.documentElement.scrollHeight") <= 1080
        assert wall.evaluate("document.documentElement.scrollWidth") <= 1920
        size = wall.evaluate("parseFloat(getComputedStyle(document.querySelector('td')).fontSize)")
        assert size >= 36  # read from four metres
        looked.at(wall)
        shown = wall.url
        assert wall.goto("/referrals/").url.startswith(f"{area.url}/sign-in")  # type: ignore[union-attr]
        wall.goto(shown)
        if scripts:
            _loses_its_connection(wall)
    desk.goto("/displays/")
    desk.get_by_role("button", name="Revoke Left").click()
    closed = new_browser()
    assert closed.goto(str(links[0])).status == 404  # type: ignore[union-attr]


def _loses_its_connection(wall: Page) -> None:
    """The screen says how old what it shows is, and comes back by itself."""
    wall.clock.install()
    wall.reload()
    expect(wall.locator("#wall-lost")).to_be_hidden()
    wall.context.set_offline(True)
    for _ in range(10):
        wall.clock.run_for(15_000)
    expect(wall.locator("#wall-lost")).to_have_text(re.compile("No connection. .* 2 minutes old"))
    wall.context.set_offline(False)
    wall.clock.run_for(16_000)
    expect(wall.locator("#wall-lost")).to_be_hidden()
