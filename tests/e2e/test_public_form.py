"""A school's safeguarding lead refers without an account; triage takes it in (A1, A2, A3, I3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Area
from tests.e2e.looking import Looked
from tests.e2e.steps import code_in, text_of, wait_for_letter

TRIAGE = "triage@council.example"
FAMILY = {True: "Marlowe-Osei", False: "Ravenscroft"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n%%EOF"
# Longer than a script takes: see app.referrals.public.rules.FASTEST.
TYPING = 3.2

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_a_school_to_the_desk(
    scripts: bool, area: Area, new_browser: Callable[..., Page], looked: Looked, tmp_path: Path
) -> None:
    began = time.time() - 2
    family, address = FAMILY[scripts], f"dsl{int(scripts)}@riverside.example"
    lead = new_browser(scripts=scripts, width=375)
    begin(lead, address, looked)
    at_risk(lead, looked)
    children(lead, family, looked)
    # The telephone rings: put aside, and gone on with at another computer.
    put_aside(lead, looked)
    link = link_back(area, address, began)
    desk = new_browser(scripts=scripts)
    come_back(desk, area, address, link, began, looked)
    adults(desk, family, looked)
    what_happened(desk, looked)
    files(desk, looked, tmp_path, scripts)
    reference = send(desk, family, looked)

    receipt = wait_for_letter(area, address, began, lambda m: reference in m["Subject"])
    said = f"{receipt['Subject']} {text_of(receipt)}".lower()
    for word in (family, "Wilhelmina", "bruise", "child protection", "strategy discussion"):
        assert word.lower() not in said

    take_in(new_browser(TRIAGE, scripts=scripts), reference, family, looked)


def begin(page: Page, address: str, looked: Looked) -> None:
    page.goto("/refer/")
    expect(page.locator("main")).to_contain_text("999")
    looked.at(page)
    page.get_by_role("button", name="Start now").click()
    on(page)
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter your name")
    looked.at(page)
    time.sleep(TYPING)
    page.get_by_label("Your name").fill("Sarah Lindqvist")
    page.get_by_label("Your job").fill("Designated safeguarding lead")
    page.get_by_label("School, practice or organisation").fill("Riverside Free School")
    page.get_by_label("Work email address").fill(address)
    page.get_by_label("Telephone number").fill("01632 960301")
    # By keyboard: Enter in a field continues, whatever other buttons there are.
    page.get_by_label("Telephone number").press("Enter")
    page.get_by_role("heading", name="Is a child at risk of harm now?").wait_for()


def at_risk(page: Page, looked: Looked) -> None:
    looked.at(page)
    page.get_by_label("I am not sure").check()
    on(page)
    page.get_by_role("heading", name="Telephone us as well").wait_for()
    expect(page.locator("main")).to_contain_text("020 7946 01")
    looked.at(page)
    page.get_by_role("button", name="Go on with the form").click()


def children(page: Page, family: str, looked: Looked) -> None:
    page.get_by_role("heading", name="The child").wait_for()
    page.get_by_label("First names").fill("Wilhelmina")
    page.get_by_label("Family name").fill(family)
    born(page, "31", "2", "2019")
    on(page)
    expect(page.locator(".govuk-error-summary")).to_contain_text("must be a real date")
    expect(page.get_by_label("First names")).to_have_value("Wilhelmina")
    looked.at(page)
    born(page, "27", "3", "2019")
    page.get_by_label("School, nursery or college").fill("Riverside Free School")
    on(page)
    page.get_by_role("heading", name="You have told us of 1 child").wait_for()
    looked.at(page)
    page.get_by_label("Yes").check()
    on(page)
    page.get_by_label("First names").fill("عائشة 🦊")
    page.get_by_label("Family name").fill(family)


def put_aside(page: Page, looked: Looked) -> None:
    page.get_by_role("button", name="Save and come back later").click()
    page.get_by_role("heading", name="Save and come back later").wait_for()
    looked.at(page)
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("heading", name="Your form is put aside").wait_for()
    looked.at(page)
    page.get_by_role("button", name="Forget the form on this computer").click()
    page.get_by_role("heading", name="Tell us that you are worried").wait_for()
    page.goto("/refer/check")
    page.get_by_role("heading", name="This form is closed").wait_for()
    looked.at(page)


def link_back(area: Area, address: str, began: float) -> str:
    letter = wait_for_letter(area, address, began, lambda m: "/refer/back/" in text_of(m))
    link = next(word for word in text_of(letter).split() if "/refer/back/" in word)
    return link[link.index("/refer/back/") :]


def come_back(
    page: Page, area: Area, address: str, link: str, began: float, looked: Looked
) -> None:
    page.goto(link)
    page.get_by_role("button", name="Send me a code").click()
    letter = wait_for_letter(area, address, began, lambda m: "code" in m["Subject"].lower())
    page.get_by_label("Code").fill("000000")
    on(page)
    expect(page.locator(".govuk-error-summary")).to_contain_text("does not open anything")
    page.get_by_label("Code").fill(code_in(letter))
    on(page)
    page.get_by_role("heading", name="You have told us of 2 children").wait_for()
    page.get_by_label("No", exact=True).check()
    on(page)


def adults(page: Page, family: str, looked: Looked) -> None:
    page.get_by_role("heading", name="Adults in the child’s life").wait_for()
    page.get_by_label("Yes").check()
    on(page)
    page.get_by_label("Name", exact=True).fill(f"Pat {family}")
    page.get_by_label("Who they are to the child").fill("Mother")
    page.get_by_label("Has parental responsibility").check()
    looked.at(page)
    on(page)
    page.get_by_label("No", exact=True).check()
    looked.at(page)
    on(page)


def what_happened(page: Page, looked: Looked) -> None:
    page.get_by_label("Physical abuse").check()
    looked.at(page)
    on(page)
    page.get_by_label("What was seen, heard or said?").fill("A bruise to the ear.\n“I fell.”")
    looked.at(page)
    on(page)
    page.get_by_label("They were not asked").check()
    on(page)
    expect(page.locator(".govuk-error-summary")).to_contain_text("Say why you share this")
    looked.at(page)
    page.get_by_label("If they do not agree or were not asked").fill("It could make it worse.")
    on(page)


def files(page: Page, looked: Looked, folder: Path, scripts: bool) -> None:
    program, notes, huge = folder / "program.pdf", folder / "notes.pdf", folder / "huge.pdf"
    program.write_bytes(b"MZ\x90\x00" + bytes(200))
    notes.write_bytes(PDF)
    with huge.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    page.wait_for_load_state()  # the script that looks at a file's size is there
    page.get_by_label("Choose a file").set_input_files(huge)
    if scripts:
        expect(page.get_by_role("alert")).to_contain_text("larger than 15 MB")
    else:
        page.get_by_role("button", name="Upload this file").click()
        page.get_by_role("heading", name="That file is too large").wait_for()
        looked.at(page)
        page.get_by_role("button", name="Go back to the form").click()
    page.get_by_label("Choose a file").set_input_files(program)
    page.get_by_role("button", name="Upload this file").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Send a PDF")
    page.get_by_label("Choose a file").set_input_files(notes)
    page.get_by_role("button", name="Upload this file").click()
    expect(page.locator("main")).to_contain_text("notes.pdf")
    looked.at(page)
    on(page)


def send(page: Page, family: str, looked: Looked) -> str:
    page.get_by_role("heading", name="Check your answers, then send").wait_for()
    for words in (f"Wilhelmina {family}", f"Pat {family}", "notes.pdf", "“I fell.”"):
        expect(page.locator("main")).to_contain_text(words)
    looked.at(page)
    page.get_by_role("link", name="Change concerns").click()
    page.get_by_label("Neglect").check()
    on(page)
    expect(page.locator("main")).to_contain_text("Physical abuse, Neglect")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("heading", name="We have received it").wait_for()
    looked.at(page)
    expect(page.locator("main")).not_to_contain_text(family)
    return page.locator(".govuk-panel__body strong").inner_text()


def take_in(page: Page, reference: str, family: str, looked: Looked) -> None:
    page.goto("/referrals/")
    page.get_by_role("link", name=f"Wilhelmina {family}").click()
    expect(page.locator("main")).to_contain_text("May be at risk now")
    looked.at(page)
    page.get_by_role("button", name="Take it in").click()
    page.get_by_role("heading", name="Take in a referral").wait_for()
    page.get_by_label("What kind of agency is that?").select_option("education")
    page.get_by_label("Child protection: significant harm suspected").first.check()
    page.get_by_role("button", name="Save the referral").last.click()
    entered = page.locator("h1", has_text=f"Wilhelmina {family}")
    entered.or_(page.get_by_text("Before saving")).first.wait_for(timeout=60_000)
    if page.get_by_text("Before saving").count():
        for different in page.get_by_text("A different child").all():
            different.click()
        page.get_by_role("button", name="Save the referral").first.click()
    entered.wait_for()
    expect(page.locator("main")).to_contain_text(reference)
    expect(page.locator("main")).to_contain_text("May be at risk now")
    page.get_by_role("link", name="Read the form and its files").click()
    expect(page.locator("main")).to_contain_text("Taken in by")
    looked.at(page)


def born(page: Page, day: str, month: str, year: str) -> None:
    for part, value in (("day", day), ("month", month), ("year", year)):
        page.locator(f"[name='date_of_birth-{part}']").fill(value)


def on(page: Page) -> None:
    page.locator("main").get_by_role("button", name="Continue").last.click()
