"""What was told by the public form, in words: for its writer to check and for staff to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from app.core.clock import london_date
from app.referrals.public.types import AdultTold, ChildTold, RiskNow, Step, Told
from app.referrals.shown import birth_in_words, concerns_in_words
from app.referrals.types import AdultGiven, ChildGiven, ConsentState

NOBODY = "Nobody told of"
_CONSENT = {
    ConsentState.GIVEN.value: "They agree",
    ConsentState.REFUSED.value: "They do not agree",
    ConsentState.NOT_SOUGHT.value: "They were not asked",
}


class Person(NamedTuple):
    """A child or adult: name, a line beside it, and what else is known as (label, words)."""

    name: str
    line: str
    rows: tuple[tuple[str, str], ...]


class Section(NamedTuple):
    """The answers of one step; `href` is where to change them, empty where they stand."""

    title: str
    href: str
    rows: tuple[tuple[str, str], ...]
    people: tuple[Person, ...] = ()


def child_in_words(child: ChildGiven, today: date) -> Person:
    """A child as told; `today` is the local day."""
    rows = (
        ("Gender", child.gender),
        ("Lives at", child.address),
        ("School, nursery or college", child.school_typed),
        ("GP practice", child.gp_typed),
        ("Health visitor, midwife or school nurse", child.health_typed),
        ("Ethnicity", child.ethnicity),
        ("Religion", child.religion),
        ("First language", child.first_language),
        ("Interpreter", "Needed" if child.needs_interpreter else ""),
        ("Disability", child.disability),
        ("Looked after", "Yes" if child.looked_after else ""),
    )
    return Person(
        f"{child.given_name} {child.family_name}".strip(),
        birth_in_words(child.date_of_birth, child.due_date, today),
        tuple(row for row in rows if row[1]),
    )


def adult_in_words(adult: AdultGiven) -> Person:
    """An adult as told."""
    said = (
        adult.relationship_to_child,
        "has parental responsibility" if adult.parental_responsibility else "",
        "lives with the child" if adult.in_household else "",
        "may have harmed the child" if adult.alleged_perpetrator else "",
        "is under 18" if adult.under_18 else "",
    )
    return Person(adult.name, ", ".join(words for words in said if words), ())


def person_in_words(one: ChildTold | AdultTold, today: date) -> Person:
    """A child or an adult as told; `today` is the local day."""
    return child_in_words(one, today) if isinstance(one, ChildTold) else adult_in_words(one)


def answers_in_words(
    told: Told,
    files: Sequence[str] | None,
    now: datetime,
    address: Callable[[Step], str] = lambda _: "",
) -> list[Section]:
    """Every answer, in the order of the form; `address` leads to where a step is changed.
    `files` is None where the page shows them itself."""
    today = london_date(now)
    you = told.you
    risk = {one.value: one.label for one in RiskNow}.get(told.risk_now, "")
    told_family = "Yes" if told.family_told else "No"
    rows: dict[Step, tuple[tuple[str, str], ...]] = {
        Step.YOU: (
            ("Name", you.name),
            ("Job", you.role),
            ("Organisation", you.organisation),
            ("Email address", you.email),
            ("Telephone", you.telephone),
        ),
        Step.SAFETY: (("A child at risk of harm now", risk),),
        Step.CHILDREN: (),
        Step.ADULTS: () if told.adults else (("Adults", NOBODY),),
        Step.CONCERNS: (("Worried about", ", ".join(concerns_in_words(list(told.concerns)))),),
        Step.STORY: (("Seen, heard or said", told.narrative),),
        Step.CONSENT: (
            ("The family agrees", _CONSENT.get(told.consent, "")),
            ("Why it is shared", told.consent_reason),
            ("The family knows", told_family),
            ("Who told them, or why not", told.family_told_note),
        ),
        Step.FILES: (("Files", "\n".join(files) or "None"),) if files is not None else (),
    }
    people = {
        Step.CHILDREN: tuple(child_in_words(one, today) for one in told.children),
        Step.ADULTS: tuple(adult_in_words(one) for one in told.adults),
    }
    return [
        Section(
            step.label,
            address(step),
            tuple(row for row in rows[step] if row[1]),
            people.get(step, ()),
        )
        for step in Step
    ]
