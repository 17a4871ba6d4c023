"""List 5 of the inspection lists: section 47 enquiries (G4).

Source: Annex A of Ofsted's framework for inspecting local authority children's services, list 5,
by its columns and in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from app.core.spreadsheet import as_csv
from app.meetings.after.types import ConferenceOutcome
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
    ("Gender, Ethnicity", "as they were written on the referral, not the list's codes"),
    ("Allocated Team", "the team that looks after the ward; empty where no ward was chosen"),
    ("Allocated Worker", "not held: it stands in the council's case system"),
)


def as_file(enquiries: Iterable[Enquiry], today: date) -> bytes:
    """The list with its published columns; what is not known is empty."""
    return as_csv(HEADS, _rows(enquiries, today))


def _rows(
    enquiries: Iterable[Enquiry], today: date
) -> Iterator[tuple[str | int | date | None, ...]]:
    for one in enquiries:
        yield (
            one.case_reference,
            one.gender,
            one.ethnicity,
            one.born_on,
            _age(one.born_on, today),
            _yes(bool(one.disability)) if one.disability else "",
            one.started_on,
            _yes(one.not_required),
            one.conference_on,
            _yes(one.conference_outcome is ConferenceOutcome.PLAN) if one.conference_on else "",
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


def _yes(value: bool) -> str:
    return "a) Yes" if value else "b) No"
