"""Saving the council's list of wards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.directory.service import COUNCIL, ChangedMeanwhile
from app.directory.wards import queries
from app.directory.wards.models import Ward
from app.directory.wards.rules import as_list, read_list
from app.directory.wards.types import WardGiven


def save_list(session: Session, actor: Actor, text: str, seen: str, now: datetime) -> None:
    """Make the list of wards what was typed (G3).

    A ward is known by its name: one that is missing is taken off the list and stays with its
    referrals, one that comes back is the same as before. `seen` is the list that the form was
    filled from. Raises Refused (field `wards`), ChangedMeanwhile where somebody else saved first.
    """
    given = read_list(text)
    held = {row.name.casefold(): row for row in queries.every(session)}
    before = listed_text(session)
    if before != seen:
        raise ChangedMeanwhile
    for one in given:
        row = held.pop(one.name.casefold(), None)
        if row is None:
            session.add(Ward(name=one.name, area=one.area, team=one.team, ended_at=None))
        else:
            row.name, row.area, row.team, row.ended_at = one.name, one.area, one.team, None
    for row in held.values():
        row.ended_at = row.ended_at or now
    session.flush()
    record(session, actor, "wards saved", COUNCIL, now, {"wards": len(given), "ended": len(held)})


def listed_text(session: Session) -> str:
    """The list as the form shows it."""
    return as_list(
        tuple(WardGiven(row.name, row.area, row.team) for row in queries.listed(session))
    )
