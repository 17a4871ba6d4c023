"""The whole job as one journey (issue of the main job): referral, deadline, booking, link and
code, discussion, sign-off, circulation, reading, verification; with scripts and without."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.cli.example.said import DECISIONS
from tests.e2e.conftest import PASSWORD, Area
from tests.e2e.looking import Looked
from tests.e2e.steps import (
    code_in,
    link_in,
    own_code,
    sign_in,
    text_of,
    wait_for_letter,
)

CHAIR = "chair@council.example"
ADMINISTRATOR = "administrator@council.example"
TRIAGE = "triage@council.example"
POLICE = "cait.duty@police.example"
SCHOOL = "dsl@oakfield.example"
FAMILY = {True: "Quarterstaff", False: "Thistledown"}
GUARD = "Before saving: is this a child who is known already?"
FORBIDDEN = ("strategy discussion", "child protection", "Wilhelmina", "Bartholomew", "bruise")

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_referral_to_verified_record(
    scripts: bool, area: Area, new_browser: Callable[..., Page], looked: Looked, tmp_path: Path
) -> None:
    began = time.time() - 2
    triage = new_browser(scripts=scripts)
    sign_in(triage, TRIAGE)
    referral = enter_referral(triage, FAMILY[scripts], looked)

    chair = new_browser(CHAIR, scripts=scripts)
    meeting = decide_needed(chair, referral)

    desk = new_browser(ADMINISTRATOR, scripts=scripts)
    reference = book(desk, meeting, looked)

    officer = new_browser(scripts=scripts, width=375)
    answer_by_link(officer, area, reference, began, looked)
    desk.goto(meeting)
    expect(desk.locator("tr", has_text="duty desk").first).to_contain_text("Will dial in")

    hold(chair, meeting, scripts, looked)
    sign_off(chair, meeting, looked)
    circulate(desk, meeting, looked)
    copy = read_record(officer, area, reference, began, looked, tmp_path)
    verify(new_browser(scripts=scripts), copy, looked, tmp_path)

    for address in (POLICE, SCHOOL):
        letter = wait_for_letter(area, address, began, lambda m: reference in m["Subject"])
        words = (str(letter["Subject"]) + text_of(letter)).lower()
        for word in (*FORBIDDEN, FAMILY[scripts]):
            assert word.lower() not in words


def enter_referral(page: Page, family: str, looked: Looked) -> str:
    page.get_by_role("button", name="Enter a referral").or_(
        page.get_by_role("link", name="Enter a referral")
    ).first.click()
    page.get_by_role("heading", name="Enter a referral").wait_for()
    press(page, "Save the referral")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Choose")
    looked.at(page)
    page.locator("#source_agency_id").select_option(label="Oakfield Primary School")
    page.locator("[name='channel'][value='phone']").check()
    page.locator("#referrer_name").fill("Sarah Lindqvist")
    lindqvist = page.locator("#referrer_professional_id option", has_text="Lindqvist").first
    page.locator("#referrer_professional_id").select_option(lindqvist.get_attribute("value"))
    child(page, 0, "Wilhelmina", family, ("27", "3", "2017"))
    press(page, "Add another child")
    page.locator("#children-1-given_name").wait_for()
    expect(page.locator("#children-0-given_name")).to_have_value("Wilhelmina")
    child(page, 1, "Bartholomew", family, ("1", "5", "2021"))
    page.locator("[name='concerns'][value='physical_abuse']").check()
    page.locator("#narrative").fill("A bruise to the ear and a finger mark on the arm.")
    page.locator("[name='consent'][value='child_protection']").check()
    press(page, "Save the referral")
    entered = page.locator("h1", has_text=f"Wilhelmina {family}")
    entered.or_(page.get_by_text(GUARD)).first.wait_for()
    if page.get_by_text(GUARD).count():
        # The first journey entered two children born on the same days: they are others.
        looked.at(page)
        for different in page.get_by_text("A different child").all():
            different.click()
        press(page, "Save the referral")
    entered.wait_for()
    expect(page.get_by_text("bromley-24h").first).to_be_attached()
    looked.at(page)
    return page.url


def child(page: Page, number: int, given: str, family: str, born: tuple[str, str, str]) -> None:
    page.locator(f"#children-{number}-given_name").fill(given)
    page.locator(f"#children-{number}-family_name").fill(family)
    for part, value in zip(("day", "month", "year"), born, strict=True):
        page.locator(f"[name='children-{number}-date_of_birth-{part}']").fill(value)


def decide_needed(page: Page, referral: str) -> str:
    """The address of the discussion that the decision made."""
    page.goto(referral)
    page.get_by_role("button", name="A strategy discussion is needed").or_(
        page.get_by_role("link", name="A strategy discussion is needed")
    ).first.click()
    page.locator("textarea[name='reason']").wait_for()
    press(page, "It is needed")
    expect(page.get_by_text("Say why").first).to_be_visible()
    page.locator("textarea[name='reason']").fill("Significant harm is suspected.")
    press(page, "It is needed")
    page.wait_for_url("**/book")
    return page.url.removesuffix("/book")


def book(page: Page, meeting: str, looked: Looked) -> str:
    """Everything is proposed: one press sends. Returns the reference."""
    page.goto(f"{meeting}/book")
    expect(page.get_by_text("bromley-24h").first).to_be_attached()
    press(page, "Send invitations")
    page.wait_for_url(meeting)
    reference = meeting.rpartition("/")[2]
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference)
    looked.at(page)
    return reference


def answer_by_link(page: Page, area: Area, reference: str, began: float, looked: Looked) -> None:
    letter = wait_for_letter(area, POLICE, began, lambda m: reference in m["Subject"])
    enter_by_link(page, area, link_in(letter))
    page.locator("[name='name']").fill("DC Asha Verma")
    page.locator("[name='role']").fill("Detective constable")
    looked.at(page)
    page.locator("main button[type='submit']").first.click()
    expect(page.locator("main")).to_contain_text("born 27 March 2017")
    page.get_by_role("button", name="I dial in").click()
    expect(page.locator("main")).to_contain_text("Your answer")
    page.locator("#report summary").click()
    page.locator("[name='report-body']").fill("Two calls to the address in the last year.")
    press(page, "Send this report")
    expect(page.locator("main")).to_contain_text("Two calls to the address")
    looked.at(page)


def enter_by_link(page: Page, area: Area, link: str) -> None:
    page.goto(link)
    for word in ("Wilhelmina", "Helen Marsh", "Millbrook"):
        assert word not in page.content(), f"{word} is shown before the code"
    asked = time.time() - 1
    press(page, "Send me a code")
    field = page.locator("input[autocomplete='one-time-code']")
    field.wait_for()
    letter = wait_for_letter(area, POLICE, asked, lambda m: "code" in str(m["Subject"]).lower())
    field.fill(code_in(letter))
    press(page, "Continue")
    page.wait_for_url("**/attend**")
    assert "/i/" not in page.url


def hold(page: Page, meeting: str, scripts: bool, looked: Looked) -> None:
    page.goto(f"{meeting}/hold")
    press(page, "Start")
    page.get_by_role("button", name="End").or_(
        page.get_by_role("link", name="End")
    ).first.wait_for()
    for person in scopes(page, "invitee"):
        attendance = page.locator(f"[name='invitee:{person}/attendance'][value='by_phone']")
        attendance.check(force=True)
        named = page.locator(f"[name='invitee:{person}/attended_name']")
        if named.count():
            named.fill("The duty officer")
        page.locator(f"[name='invitee:{person}/information']").fill("Nothing before today.")
    first, second = scopes(page, "child")
    write_decisions(page, first, scripts)
    save(page, scripts)
    press(page, "Same as for Wilhelmina")
    expect(page.locator(f"[name='child:{second}/immediate_safety']")).to_have_value(
        DECISIONS["immediate_safety"]
    )
    page.locator("[name='meeting/dissent_asked']").check(force=True)
    save(page, scripts)
    add_action(page)
    looked.at(page)
    page.get_by_role("button", name="End").or_(page.get_by_role("link", name="End")).first.click()
    page.get_by_role("heading", name="End the discussion?").wait_for()
    press(page, "End the discussion")
    page.get_by_role("heading", name="End the discussion?").wait_for(state="detached")


def scopes(page: Page, kind: str) -> list[str]:
    """The numbers of the children or invitees on the chair's page, in their order."""
    found = re.findall(rf'name="{kind}:(\d+)/', page.content())
    return list(dict.fromkeys(found))


def write_decisions(page: Page, child_number: str, scripts: bool) -> None:
    for field, value in DECISIONS.items():
        control = page.locator(f"[name='child:{child_number}/{field}']")
        if control.first.get_attribute("type") == "radio":
            control.and_(page.locator(f"[value='{value}']")).check(force=True)
            if not scripts:
                continue
        else:
            shown(control, scripts, page)
            control.fill(value)


def shown(control: Locator, scripts: bool, page: Page) -> None:
    """With scripts a further question appears by itself; without, after Save."""
    if not scripts and not control.is_visible():
        save(page, scripts)
    control.wait_for()


def save(page: Page, scripts: bool) -> None:
    if scripts:
        expect(page.locator("body")).to_contain_text("Saved at")
        page.wait_for_timeout(1500)
        expect(page.locator("body")).to_contain_text("Saved at")
        return
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.wait_for_load_state()


def add_action(page: Page) -> None:
    page.locator("[name='action-what']").fill("See the child alone at school")
    owner = page.locator("[name='action-owner']")
    value = owner.locator("option", has_text="duty desk").first.get_attribute("value")
    owner.select_option(value)
    page.locator("[name='action-due']").fill("tomorrow 5 pm")
    press(page, "Add action")
    expect(page.locator("#actions")).to_contain_text("See the child alone at school")
    expect(page.locator("[name='action-what']")).to_have_value("")


def sign_off(page: Page, meeting: str, looked: Looked) -> None:
    page.goto(f"{meeting}/record")
    expect(page.locator("main")).not_to_contain_text("Missing")
    page.get_by_role("button", name="Sign the record").or_(
        page.get_by_role("link", name="Sign the record")
    ).first.click()
    page.wait_for_load_state()
    if page.locator("input[type='password']").count():
        page.locator("input[type='password']").fill(PASSWORD)
        page.locator("input[autocomplete='one-time-code']").fill(own_code(page))
        page.locator("main button[type='submit']").first.click()
        page.wait_for_load_state()
    looked.at(page)
    press(page, "Sign the record")
    expect(page.locator("main")).to_contain_text(re.compile("[Ss]igned"))
    looked.at(page)


def circulate(page: Page, meeting: str, looked: Looked) -> None:
    page.goto(f"{meeting}/record/circulate")
    page.locator("[name='checked']").check()
    press(page, "Release the record")
    expect(page.locator("main")).to_contain_text(re.compile("[Ll]edger|[Qq]ueued|[Ss]ent"))
    looked.at(page)


def read_record(
    page: Page, area: Area, reference: str, began: float, looked: Looked, folder: Path
) -> Path:
    wait_for_letter(
        area, POLICE, began, lambda m: reference in m["Subject"] and "ready" in m["Subject"]
    )
    page.goto("/attend")
    expect(page.locator("#record")).to_be_visible()
    with page.expect_download() as taking:
        page.get_by_role("link", name="Download it").click()
    copy = folder / "copy.pdf"
    taking.value.save_as(copy)
    assert copy.read_bytes().startswith(b"%PDF-")
    page.goto("/attend")
    press(page, "I have read the record")
    expect(page.locator("main")).to_contain_text("You confirmed that you have read it")
    looked.at(page)
    return copy


def verify(page: Page, copy: Path, looked: Looked, folder: Path) -> None:
    page.goto("/verify")
    page.locator("input[type='file']").set_input_files(copy)
    page.locator("main button[type='submit']").first.click()
    expect(page.locator("main")).to_contain_text(re.compile("[Gg]enuine"))
    looked.at(page)
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    changed = folder / "changed.pdf"
    changed.write_bytes(content)
    page.goto("/verify")
    page.locator("input[type='file']").set_input_files(changed)
    page.locator("main button[type='submit']").first.click()
    expect(page.locator("main")).to_contain_text(re.compile("changed|not genuine|unknown", re.I))
    looked.at(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()
