"""Seven areas, each by its own text: only the protocol changes, never the code (A4-A7, A12, B1).

The sentences quoted are those of HO2014 (Multi Agency Working and Information Sharing Project, the
area's case study) and of IMAP (the North Lincolnshire memorandum).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.area_steps import (
    HEALTH,
    NOT_KNOWN,
    POLICE,
    Borough,
    answer_by_link,
    clock,
    decide,
    disagree,
    fill_in,
    on_clock,
    open_page,
    press,
    rate,
    refer,
    saved,
    settle,
    write,
)
from tests.e2e.conftest import Area
from tests.e2e.entering import enter
from tests.e2e.looking import Looked

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def borough(chromium: Browser, area: Area) -> Iterator[Borough]:
    pages = [open_page(chromium, area, scripts=number != 1) for number in range(3)]
    for page, who in zip(pages, ("administrator", "triage", "chair"), strict=True):
        enter(page, area, f"{who}@council.example")
    council = Borough(area, chromium, *pages)
    yield council
    council.works_as("bromley")
    for page in pages:
        page.context.close()


# Sandwell. Triage works without scripts in every journey of this file.


def test_sandwell_rates_again_after_its_meeting(borough: Borough, looked: Looked) -> None:
    borough.works_as("sandwell")
    page, began = borough.triage, time.time() - 2
    referral = refer(page, "red")
    # "We have an initial RAG rating (Red 4 hours; Amber 24 hours, Green 72 hours)"
    on_clock(page, "rag-red", hours=4)
    # "in cases given a 'red' risk rating, multi-agency information is compiled and a MASH meeting
    # takes place within 4 hours"
    expect(page.locator("main")).to_contain_text("a MASH meeting takes place within 4 hours")
    # "The MASH co-locates 12 different agencies to enable timely [...] information sharing."
    page.goto(f"{referral}/checks/ask")
    page.get_by_label(re.compile("duty desk")).check()
    page.get_by_label("Find somebody else").fill("Paula")
    press(page, "Find")
    page.get_by_label(re.compile("Paula Jennings")).check()
    expect(page.get_by_label(re.compile("duty desk"))).to_be_checked()
    looked.at(page)
    press(page, "Send the requests")
    page.get_by_role("heading", name="Agency checks").wait_for()
    answer_by_link(borough, POLICE, began, "A caution in May for shoplifting.", looked)
    answer_by_link(borough, HEALTH, began, None, looked)
    page.reload()
    expect(page.locator("main")).to_contain_text("2 of 2 agencies have answered")
    expect(page.locator("main")).to_contain_text("A caution in May for shoplifting.")
    looked.at(page)
    # "then following the MASH Meeting for Red and Amber cases, there is a further Rag rating to
    # determine where the child's needs will be best met": nothing is decided before.
    decide(page, referral, "section_17")
    expect(page.locator(".govuk-error-summary")).to_contain_text("give the second rating first")
    # "The responsible social worker chairs the meeting and all agencies are given the opportunity
    # to input into their final decision."
    page.goto(referral)
    press(page, "Hold the MASH meeting")
    looked.at(page)
    page.get_by_label("What was shared").fill("Housing knows of a safe aunt.")
    page.get_by_label(re.compile("Section 17")).check()
    page.get_by_label("Reason for the outcome").fill("To be assessed.")
    press(page, "Save the outcome")
    page.get_by_label("Who takes part").fill("Police, health, housing")
    press(page, "End the discussion")
    page.goto(referral)
    expect(page.locator("[aria-labelledby='met']")).to_contain_text("Housing knows of a safe aunt.")
    page.goto(f"{referral}/rating")
    expect(page.get_by_label("After information gathering")).to_be_checked()
    looked.at(page)
    page.get_by_label("Amber", exact=True).check()
    page.get_by_label("Reason", exact=True).fill("All agencies in the meeting: a safe adult.")
    press(page, "Save")
    on_clock(page, "rag-amber", hours=24)
    expect(page.locator("main")).to_contain_text("After information gathering")
    decide(page, referral, "section_17")
    expect(page.locator("main")).to_contain_text("The decision is recorded.")


# Blackburn and Camden


def test_blackburn_intends_its_three_times(borough: Borough) -> None:
    borough.works_as("blackburn")
    page = borough.triage
    referral = refer(page, "red")
    # "We intend to move to a RAG model with timescales of 4 hours, one day and 3 days": each is a
    # plan, and says so.
    on_clock(page, "rag-red", hours=4)
    expect(clock(page, "rag-red")).to_contain_text("it is intended")
    for colour, days in (("Amber", 1), ("Green", 3)):
        rate(page, referral, colour)
        on_clock(page, f"rag-{colour.lower()}", days=days)
        expect(clock(page, f"rag-{colour.lower()}")).to_contain_text("it is intended")


def test_camden_sees_the_change_of_the_rating(borough: Borough) -> None:
    borough.works_as("camden")
    page = borough.triage
    referral = refer(page, "red")
    # "90% of red rag rated cases being completed within the four hour timescale"
    on_clock(page, "rag-red", hours=4)
    # The dataset shows "changes in risk rating before and after MASH": without the second rating
    # there is no change to show.
    decide(page, referral, "early_help")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Camden rates red cases again")
    rate(page, referral, "Green", after=True)
    # "timescale" is said of red alone: green has no time of its own here.
    expect(clock(page, "rag-")).to_have_count(0)
    for stage in ("Before information gathering", "After information gathering"):
        expect(page.locator("[aria-labelledby='rating']")).to_contain_text(stage)


# Merton


def test_merton_goes_straight_to_a_social_worker_or_says_it_is_a_request(borough: Borough) -> None:
    borough.works_as("merton")
    page = borough.triage
    referral = refer(page, "red")
    # 'given a "BRAG" (Blue, Red, Amber or Green) rating. Red rated cases proceed directly to
    # allocation to a Social Worker to undertake child protection investigations.'
    meaning = page.locator("[aria-labelledby='rating'] .govuk-inset-text")
    expect(meaning).to_contain_text("goes straight to a social worker")
    # "Cases rated Amber or Green are the cases that typically have checks undertaken by the MASH"
    for colour in ("Amber", "Green"):
        rate(page, referral, colour)
        expect(meaning).to_contain_text("agency checks first")
    # "Blue rated cases are typically information request."
    rate(page, referral, "Blue")
    expect(meaning).to_contain_text("an information request, no referral")
    page.goto(f"{referral}/no-referral")
    expect(page.get_by_label("A request for information")).to_be_checked()
    page.get_by_label("Reason").fill("The court asks if the family is known: answered today.")
    press(page, "Save")
    expect(page.locator("main")).to_contain_text("counted as no referral")
    # "The ultimate responsibility for decisions rests with the MASH & First Response Team Manager."
    other = refer(page, "green")
    disagree(page, other, "Red")
    expect(page.locator("main")).to_contain_text("The MASH and First Response Team Manager")
    settle(page, other, "Red", settled=True)
    expect(page.locator(".govuk-error-summary")).to_contain_text("This is settled by")
    settle(borough.chair, other, "Red", settled=True)
    expect(borough.chair.locator("[aria-labelledby='rating']")).to_contain_text("settled")


# Bury


def test_bury_defines_its_ratings_and_secures_consent_at_first_contact(borough: Borough) -> None:
    borough.works_as("bury")
    page = borough.triage
    # "Parental consent for the referral to be made and information to be shared is secured at the
    # point of contact unless it is a child protection issue."
    fill_in(page, "amber", consent=NOT_KNOWN)
    press(page, "Save the referral")
    expect(page.locator(".govuk-error-summary")).to_contain_text(
        "Bury secures consent at first contact"
    )
    page.locator("[name='consent'][value='given']").check()
    saved(page)
    referral = page.url
    # "All referrals are RAG (Red - High, Amber - Medium/Complex, Green - Low to Vulnerable) rated."
    # "daily meetings to discuss and review all high and medium risk referrals received that day"
    meaning = page.locator("[aria-labelledby='rating'] .govuk-inset-text")
    expect(meaning).to_contain_text("Amber, medium or complex: the daily meeting")
    page.goto(f"{referral}/rating")
    for words in ("Red, high: the daily meeting", "Green, low to vulnerable"):
        expect(page.locator("main")).to_contain_text(words)
    # "All initial strategy meetings [...] in most cases take place within twenty four hours of
    # referral": a target.
    page.goto(referral)
    expect(clock(page, "bury-24h")).to_contain_text("in most cases")
    # "unless it is a child protection issue": one press is enough then.
    page.goto(f"{referral}/consent")
    page.locator("[name='consent'][value='child_protection']").check()
    press(page, "Save")
    expect(page.locator("[aria-labelledby='consent']")).to_contain_text(
        "significant harm suspected, consent not required"
    )


# Nottinghamshire


def test_nottinghamshire_settles_in_its_order_and_tells_families_first(borough: Borough) -> None:
    borough.works_as("nottinghamshire")
    page, chair = borough.triage, borough.chair
    referral = refer(page, "amber")
    # "the ability to gather information from partner agencies on the Amber and Green RAG rated
    # cases" - but "Families [...] will be told in advance": not asked before that.
    ask = f"{referral}/checks/ask"
    page.goto(ask)
    page.get_by_label(re.compile("duty desk")).check()
    press(page, "Send the requests")
    expect(page.locator(".govuk-error-summary")).to_contain_text("tells families in advance")
    # "Unless the referral is a Section 47 investigation, permission will always be sought"
    page.goto(f"{referral}/consent")
    page.locator("[name='consent'][value='not_sought']").check()
    page.locator("[name='lawful_basis']").select_option("public_task")
    page.locator("[name='consent_reason']").fill("There was no time.")
    press(page, "Save")
    expect(page.locator(".govuk-error-summary")).to_contain_text("always asks")
    page.locator("[name='consent'][value='given']").check()
    page.locator("[name='lawful_basis']").select_option("")
    page.get_by_label(re.compile("family was told", re.IGNORECASE)).first.check()
    press(page, "Save")
    page.goto(ask)
    page.get_by_label(re.compile("duty desk")).check()
    press(page, "Send the requests")
    expect(page.locator("main")).to_contain_text("0 of 1 agency has answered")
    # "Where there is a disagreement over the RAG rating by professionals within the MASH, the
    # determining agency will be the Social Care Representative."
    disagree(page, referral, "Red")
    page.goto(f"{referral}/rating/settle")
    expect(page.locator("main")).to_contain_text("Now: The social care representative")
    settle(page, referral, "Amber", settled=False)
    # "If still unresolved, the Operational Manager within the MASH will have the final decision."
    settle(page, referral, "Amber", settled=True)
    expect(page.locator(".govuk-error-summary")).to_contain_text("Operational Manager")
    settle(chair, referral, "Red", settled=False)
    expect(chair.locator(".govuk-error-summary")).to_contain_text("has the final decision")
    settle(chair, referral, "Red", settled=True)
    expect(chair.locator("[aria-labelledby='rating']")).to_contain_text("Disagreement, settled")


# North Lincolnshire


def test_north_lincolnshire_decides_in_its_own_words_and_writes(
    borough: Borough, looked: Looked
) -> None:
    borough.works_as("north-lincolnshire")
    page, began = borough.triage, time.time() - 2
    referral = refer(page, "amber", consent=NOT_KNOWN)
    page.goto(f"{referral}/decision")
    # IMAP 3, the levels: "Recommend Specific Work via Blue Door provision / Targeted Family
    # Support Services initiative (FaSST) - Consent Required", "Undertake assessment under section
    # 17 Child in Need - consent required", "Share Information with a specific agency [...]
    # Consent Required", "Trigger a Universal Offer [...] Consent Required".
    for name, level in (
        ("Share information with a specific agency", "Universal to targeted, informal"),
        ("Trigger a universal offer", "Universal to targeted, informal"),
        ("Specific work by Blue Door or Targeted Family Support (FaSST)", "Targeted, formal"),
        ("Signpost to a specific agency", "Targeted, formal"),
        ("Assessment under section 17, child in need", "Specialist"),
    ):
        hint = page.locator(".govuk-radios__item", has_text=name)
        expect(hint).to_contain_text(f"{level}. Needs consent")
    # "Where there is no consent obtained, DDM will need to make a decision whether the information
    # is of such concern that consent to share is overridden": by name, basis and reason.
    decide(page, referral, "section_17")
    expect(page.locator(".govuk-error-summary")).to_contain_text("needs consent")
    page.locator("[name='lawful_basis']").select_option("significant_harm")
    press(page, "Save")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Say why consent is overridden")
    page.get_by_label("Why consent is overridden").fill("A younger child is at home alone.")
    press(page, "Save")
    expect(page.locator("[aria-labelledby='consent']")).to_contain_text("Consent overridden")
    expect(page.locator("[aria-labelledby='decisions']")).to_contain_text("Section 17 assessment")
    write(borough, page, referral, began, looked)
