"""Who is likely to be rung for an urgent discussion, or to have taken part in one (C11)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.meetings.booking.could_come import people_with
from app.meetings.booking.rules import roles_asked_for, who_must_come
from app.meetings.booking.types import CaseFacts


def people_to_ring(session: Session, case: CaseFacts, at: datetime) -> list[tuple[str, str]]:
    """Who would be proposed at the aware moment `at`, and some in their place: number in the
    directory, and words."""
    directory = people_with(session, roles_asked_for(case))
    people = {}
    for proposal in who_must_come(case, directory, at):
        for person in (proposal.person, *proposal.options[:3]):
            if person is not None:
                people[person.id] = (
                    f"{person.name}, {person.title or person.role.label}, {person.agency_name}"
                    f"{f': {person.telephone}' if person.telephone else ''}"
                )
    return [(str(person_id), words) for person_id, words in people.items()]
