"""List 5 of the inspection lists: section 47 enquiries (G4).

Source: Annex A of Ofsted's framework for inspecting local authority children's services, list 5,
by its columns and in their order: all section 47 enquiries in the six months before the
inspection, those that are still open among them, one row for each. Days are written dd/mm/yyyy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from app.core.spreadsheet import as_csv
from app.meetings.after.types import Conference, ConferenceOutcome
from app.reports.returns import codes
from app.reports.returns.types import Enquiry

HEADS = (
    "Child Unique ID",
    "Gender",
    "Ethnicity",
    "Date of Birth",
    "Age of Child (Years)",
    "Does the Child have a Disability",
    "Strategy discussion initiating Section 47 Enquiry Start Date",
    "Was an Initial Child Protection Conference deemed unnecessary?",
    "Date of Initial Child Protection Conference",
    "Did the Initial Child Protection Conference Result in a Child Protection Plan",
    "Number of Section 47 Enquiries in the last 12 months",
    "Number of ICPCs in the last 12 months",
    "Allocated Team",
    "Allocated Worker",
)
# Published columns that this product cannot fill as the list wants them, and why.
NOT_HELD = (
    ("Gender", "the list's words where the referral says male or female, else as it was written"),
    ("Ethnicity", "as it was written on the referral, not the list's code"),
    ("Allocated Team", "the team that looks after the ward; empty where no ward was chosen"),
    ("Allocated Worker", "not held: it stands in the council's case system"),
)

NOT_STATED = "c) Not stated/recorded"
_GENDERS = {codes.MALE: "a) Male", codes.FEMALE: "b) Female", codes.UNKNOWN: NOT_STATED}
_OUTCOMES: dict[ConferenceOutcome | None, bool] = {
    ConferenceOutcome.PLAN: True,
    ConferenceOutcome.NO_PLAN: False,
}


def as_file(enquiries: Iterable[Enquiry], today: date) -> bytes:
    """The list with its published columns; what is not known is empty."""
    return as_csv(HEADS, _rows(enquiries, today))


def in_period(enquiries: Iterable[Enquiry], first: date) -> list[Enquiry]:
    """Those that began on this day or later, or were not over on it."""
    return [
        one
        for one in enquiries
        if one.started_on >= first or one.is_open or (one.over_on or one.started_on) >= first
    ]


def _rows(enquiries: Iterable[Enquiry], today: date) -> Iterator[tuple[str | int | None, ...]]:
    for one in enquiries:
        yield (
            one.case_reference,
            _GENDERS.get(codes.sex(one.gender, unborn=one.unborn), one.gender) or NOT_STATED,
            one.ethnicity,
            _day(one.born_on),
            _age(one.born_on, today),
            _yes(codes.has_disability(one.disability)),
            _day(one.started_on),
            _yes(one.not_required) if _is_settled(one) else "",
            _day(one.conference_on),
            _yes(_OUTCOMES.get(one.conference_outcome)),
            one.started_before,
            one.conferences_before,
            one.team,
            "",
        )


def _age(born: date | None, today: date) -> int | None:
    """Whole years; a birthday on 29 February counts from 1 March."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _is_settled(one: Enquiry) -> bool:
    """Whether it is known if a conference has to be held."""
    return not one.is_open or one.conference is Conference.REQUIRED


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day is not None else ""


def _yes(value: bool | None) -> str:
    return {True: "a) Yes", False: "b) No", None: ""}[value]
