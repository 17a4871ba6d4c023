"""A referral as it is typed into the form."""

from __future__ import annotations

import re
from html import unescape

from app.core.clock import in_london, now

HTMX = {"HX-Request": "true"}


def token(text: str, name: str = "csrf_token") -> str:
    return unescape(re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)[1])


def typed(page, school, **changes):
    """A whole form as a browser sends it; None takes a field out."""
    today = in_london(now())
    values = {
        "csrf_token": token(page.text),
        "nonce": token(page.text, "nonce"),
        "received_at-day": today.day,
        "received_at-month": today.month,
        "received_at-year": today.year,
        "received_at-time": "00:00",
        "source_agency_id": school,
        "channel": "phone",
        "children-0-given_name": "Wren",
        "children-0-family_name": "Testwell",
        "children-0-date_of_birth-day": "27",
        "children-0-date_of_birth-month": "3",
        "children-0-date_of_birth-year": "2019",
        "concerns": ["neglect", "physical_abuse"],
        "narrative": "Seen at registration.",
        "consent": "child_protection",
    } | changes
    return {name: value for name, value in values.items() if value is not None}


def send(browser, school, headers=None, **changes):
    page = browser.get("/referrals/new")
    return browser.post("/referrals/new", data=typed(page, school, **changes), headers=headers)


def _answer_new(page):
    return {
        "children-0-asked": token(page.text, "children-0-asked"),
        "children-0-same_as": "new",
    }


def small(browser, ref, where, **values):
    address = f"/referrals/{ref}/{where}"
    page = browser.get(address)
    assert page.status_code == 200
    held = {"csrf_token": token(page.text), "version": token(page.text, "version")}
    return browser.post(address, data=held | values)
