"""The lists of agencies and people that the forms of a referral offer."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.directory import queries as directory
from app.directory.models import Professional
from app.directory.types import ProfessionalRole as P
from app.directory.wards.queries import listed as listed_wards

KINDS = {
    P.SAFEGUARDING_LEAD: "school",
    P.TEACHER: "school",
    P.GP: "gp",
    P.HEALTH_VISITOR: "health",
    P.MIDWIFE: "health",
    P.SCHOOL_NURSE: "health",
}

Pairs = list[tuple[str, str]]


class Lists(NamedTuple):
    """Choices as (id, words); `picks` by what somebody does for a child."""

    agencies: Pairs
    everybody: Pairs
    picks: dict[str, Pairs]
    wards: Pairs


def words_for(person: Professional) -> str:
    """`Oakfield Primary School: Sarah Lindqvist, Designated safeguarding lead`."""
    return f"{person.agency.name}: {person.name}, {person.title}"


def lists(session: Session) -> Lists:
    """Everything the referral's forms offer from the directory, in three statements."""
    everybody: Pairs = []
    picks: dict[str, Pairs] = {"school": [], "gp": [], "health": [], "other": everybody}
    for person in directory.active_people(session):
        pair = (str(person.id), words_for(person))
        everybody.append(pair)
        if person.role in KINDS:
            picks[KINDS[person.role]].append(pair)
    agencies = [(str(agency.id), agency.name) for agency in directory.agencies(session)]
    wards = [(str(one.id), f"{one.name} ({one.area})") for one in listed_wards(session)]
    return Lists(agencies, everybody, picks, wards)
