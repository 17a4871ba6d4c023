"""The steps of the journey, and whom they concern, as the tests ask for them."""

from __future__ import annotations

from tests.integration.mail_journey.case import (
    COLLEAGUE,
    HEALTH,
    PEOPLE,
    RIGHT,
    TO_REMOVE,
    WRONG,
)
from tests.integration.mail_journey.letter import Letter
from tests.integration.mail_journey.seen import Journey

WITH_ENTRY = ("booked", "moved", "removed", "resent", "deputy", "corrected", "cancelled")
CODES = ("code", "colleague's code")
TO_STAFF = ("record due", "record late")
OF_ACTIONS = ("actions due", "actions late")
OF_CONFERENCES = ("conference likely", "conference not needed")
DISAGREED = ("disagrees", "disagreement late")
BEHIND_LINKS = ("asked", "chased", "written")
BY_THE_FORM = ("form put aside", "form code", "form sent")
EVERY_STEP = (
    *WITH_ENTRY, *CODES, "reminded", "told", *TO_STAFF, *OF_ACTIONS, *DISAGREED,
    *OF_CONFERENCES,
    *BEHIND_LINKS, *BY_THE_FORM, "feedback", "withdrawn",
)  # fmt: skip


def everybody(journey: Journey) -> set[str]:
    return {email for *_, email in PEOPLE} | {journey.chair}


def at_the_end(journey: Journey) -> set[str]:
    """Everybody who is still asked when it is called off."""
    return (everybody(journey) | {COLLEAGUE, RIGHT}) - {TO_REMOVE, HEALTH, WRONG}


def to(letters: list[Letter], email: str) -> Letter:
    [found] = [letter for letter in letters if letter.recipient == email]
    return found


def entries(journey: Journey) -> list[Letter]:
    return [letter for step in WITH_ENTRY for letter in journey.steps[step]]
