"""What the form of a child is filled with, on a referral or a discussion of an open case."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from app.core.clock import london_date, now
from app.referrals import queries, shown
from app.referrals.forms import PROFESSIONALS
from app.referrals.intake.people import KINDS
from app.referrals.models import Child
from app.referrals.types import ChildGiven, Involvement


def held_child(session: Session, on_it: Child) -> dict[str, object]:
    """The form of a child, filled with what is known."""
    names = (
        "version", "given_name", "family_name", "date_of_birth", "due_date", "gender", "ethnicity",
        "religion", "first_language", "needs_interpreter", "disability", "looked_after", "address",
        "case_reference", "school_typed", "gp_typed", "health_typed",
    )  # fmt: skip
    values: dict[str, object] = {name: getattr(on_it, name) for name in names}
    for one in queries.involved_with(session, [on_it.id]):
        kind = KINDS.get(one.professional.role, "other")
        if f"{kind}_id" in values:  # two of a kind: the second stands with the others
            kind = next(
                (other for other, _ in reversed(PROFESSIONALS) if f"{other}_id" not in values), ""
            )
        if kind:
            values |= {f"{kind}_id": one.professional.id, f"{kind}_active": one.actively_involved}
            if one.lead:
                values["lead"] = kind
    return values


def with_unshown(session: Session, on_it: Child, given: ChildGiven) -> ChildGiven:
    """What was typed, and the people for whom the form had no room: nobody is lost unseen."""
    held = held_child(session, on_it)
    shown_ids = {held.get(f"{kind}_id") for kind, _ in PROFESSIONALS}
    unshown = tuple(
        Involvement(one.professional.id, one.actively_involved, one.lead)
        for one in queries.involved_with(session, [on_it.id])
        if one.professional.id not in shown_ids
    )
    return replace(given, professionals=(*given.professionals, *unshown))


def child_in_words(on_it: Child) -> str:
    """Name, birth and address, as the other side of a conflict shows them."""
    birth = shown.birth_in_words(on_it.date_of_birth, on_it.due_date, london_date(now()))
    return f"{shown.name_of(on_it)}, {birth}\n{on_it.address or ''}"
