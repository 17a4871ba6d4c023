"""The administrator's desk in real Chromium: the call sheet in one hand, form 87A to its answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from tests.e2e.conftest import Area
from tests.e2e.looking import Looked
from tests.e2e.steps import text_of, wait_for_letter

pytestmark = pytest.mark.browser
ADMINISTRATOR = "administrator@council.example"
CHAIR, SECOND_CHAIR = "chair@council.example", "chair2@council.example"
NIGHT = "night@council.example"


def silent(page: Page) -> Locator:
    """Everybody on the call sheet now open who has still to be telephoned."""
    return page.locator("li.app-call").filter(has=page.get_by_role("button", name="No answer"))


def has_form(page: Page) -> Locator:
    return page.get_by_role("link", name=re.compile("Form 87A"))


def booked(page: Page, sheet: str, found: Callable[[Page], Locator]) -> str:
    """A discussion that lies ahead, on whose sheet ("" or "/calls") this is found."""
    page.goto("/")
    links = page.locator("table a[href^='/discussions/']").all()
    for address in dict.fromkeys(link.get_attribute("href") or "" for link in links):
        page.goto(f"{address}{sheet}")
        if found(page).count():
            return address
    raise AssertionError("the example area has no such discussion")


@pytest.mark.parametrize(
    ("scripts", "who"), ((True, NIGHT), (False, CHAIR)), ids=("scripts", "without scripts")
)
def test_the_call_sheet_on_a_telephone(
    new_browser: Callable[..., Page], looked: Looked, scripts: bool, who: str
) -> None:
    page = new_browser(who, scripts=scripts, width=320, height=640)
    booked(page, "/calls", silent)
    person = silent(page).first.get_attribute("id")
    card = page.locator(f"#{person}")
    # A thumb finds what it needs: numbers and outcomes are at least 44 pixels high.
    ring = card.locator("a[href^='tel:']")
    for control in (ring, *card.get_by_role("button").all()):
        box = control.bounding_box()
        assert box is not None and box["height"] >= 44, control
    card.get_by_role("button", name="No answer").click()
    card.get_by_text(re.compile("No answer: again at")).wait_for()
    card.get_by_label("What was said").fill("Will dial in")
    card.get_by_label("What was said").press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Spoke"
    page.keyboard.press("Enter")
    card.get_by_text("Will dial in").wait_for()
    assert card.get_by_role("button").count() == 0
    looked.at(page)


def test_form_87a_from_the_discussion_to_its_answer(
    new_browser: Callable[..., Page], area: Area, looked: Looked
) -> None:
    page = new_browser(SECOND_CHAIR)
    page.goto(booked(page, "", has_form))
    since = time.time()
    page.get_by_role("link", name=re.compile("Form 87A")).click()
    page.get_by_label("Anything to add").fill("The uncle has a key.")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="See it as PDF").click()
    opened.value.close()
    page.get_by_role("button", name="Send Form 87A").click()
    page.get_by_text("Form 87A is on its way.").wait_for()
    letter = wait_for_letter(
        area, "cait.requests@police.example", since, lambda one: "Form for" in str(one["Subject"])
    )
    assert "is attached" in text_of(letter)
    (pdf,) = letter.iter_attachments()
    assert pdf.get_content()[:5] == b"%PDF-"
    page.get_by_label("Who said so").fill("DS Holt takes part")
    page.get_by_role("button", name="They have it").click()
    page.get_by_text("Noted as acknowledged.").wait_for()
    page.get_by_text("DS Holt takes part").wait_for()
    looked.at(page)


def test_the_medical_forms_ladder_and_people_from_a_list(
    new_browser: Callable[..., Page], looked: Looked
) -> None:
    page = new_browser(ADMINISTRATOR)
    page.goto(f"{booked(page, '', has_form)}/forms/medical")
    if not page.get_by_role("button", name="No answer").count():
        page.get_by_role("button", name=re.compile("^Send Child")).click()
        page.get_by_role("button", name="No answer").click()
        page.get_by_text(re.compile("in (9|10) minutes")).wait_for()
    # The example week has rung once: after the second call their reception is next, at once.
    page.get_by_role("button", name="No answer").click()
    reception = page.locator(".app-ladder__step--now", has_text="Telephone their reception")
    reception.wait_for()
    looked.at(page)
    page.goto("/directory/import")
    people = "agency,kind,name,role,email\nHill School,education,Jo Hart,teacher,jo@hill.example\n"
    page.set_input_files(
        "input[type=file]", {"name": "l.csv", "mimeType": "text/csv", "buffer": people.encode()}
    )
    page.get_by_role("button", name="See what it would do").click()
    page.get_by_text("1 added").wait_for()
    looked.at(page)
    page.get_by_role("button", name="Apply the list").click()
    page.get_by_text("The list is applied: 1 added.").wait_for()
    page.get_by_label("Find by name").fill("Jo Hart")
    page.get_by_role("link", name="Jo Hart").click()
    page.get_by_role("link", name="Children they work with").click()
    page.get_by_role("heading", level=1, name=re.compile("Jo Hart")).wait_for()
