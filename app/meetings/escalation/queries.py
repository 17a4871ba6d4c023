"""Reading disagreements and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import UTCDateTime
from app.meetings.discussion.models import Dissent
from app.meetings.escalation.models import Escalation, EscalationNote
from app.meetings.models import Invitee, Meeting
from app.meetings.rules import who_said

MOST = 50
_OF_MEETING = (
    select(Escalation, Dissent, Invitee.name, Invitee.agency_name, Staff.name)
    .join(Dissent, Dissent.id == Escalation.dissent_id)
    .join(Invitee, Invitee.id == Dissent.invitee_id)
    .outerjoin(Staff, Staff.id == Dissent.struck_by_id)
    .where(Escalation.meeting_id == bindparam("meeting_id"))
    .order_by(Escalation.id)
)
_NOTES = (
    select(EscalationNote, Staff.name)
    .join(Escalation, Escalation.id == EscalationNote.escalation_id)
    .join(Staff, Staff.id == EscalationNote.recorded_by_id)
    .where(Escalation.meeting_id == bindparam("meeting_id"))
    .order_by(EscalationNote.escalation_id, EscalationNote.step)
)
_TO_CHANGE = (
    select(Escalation)
    .join(Meeting, Meeting.id == Escalation.meeting_id)
    .where(Escalation.id == bindparam("escalation_id"), Meeting.ref == bindparam("ref"))
    .with_for_update(of=Escalation)
    .execution_options(populate_existing=True)
)
_LATE = (
    select(Escalation.id)
    .where(
        Escalation.ended_at.is_(None),
        Escalation.due_at < bindparam("now", type_=UTCDateTime()),
        Escalation.warned_step.is_(None) | (Escalation.warned_step != Escalation.step),
    )
    .order_by(Escalation.due_at, Escalation.id)
    .limit(MOST)
)
_OF_DISSENTS = select(Escalation).where(
    Escalation.dissent_id.in_(bindparam("dissents", expanding=True))
)


class Disagreement(NamedTuple):
    """A dissent, who said it, and where it stands."""

    escalation: Escalation
    dissent: Dissent
    name: str
    agency: str
    struck_by: str | None


class Noted(NamedTuple):
    note: EscalationNote
    by: str


def of_meeting(session: Session, meeting_id: int) -> list[Disagreement]:
    """Every disagreement of a discussion, oldest first."""
    rows = session.execute(_OF_MEETING, {"meeting_id": meeting_id})
    return [
        Disagreement(
            escalation,
            said,
            who_said(name, said.person_name, said.person_role),
            agency,
            struck_by,
        )
        for escalation, said, name, agency, struck_by in rows
    ]


def notes_of(session: Session, meeting_id: int) -> list[Noted]:
    """What was recorded at the steps of all of them."""
    return [Noted(*row) for row in session.execute(_NOTES, {"meeting_id": meeting_id})]


def to_change(session: Session, ref: str, escalation_id: int) -> Escalation | None:
    """One of this discussion, read anew and locked until the transaction ends."""
    return session.execute(
        _TO_CHANGE, {"ref": ref, "escalation_id": escalation_id}
    ).scalar_one_or_none()


def late(session: Session, now: datetime) -> list[int]:
    """Open ones whose step's time is over, of which nobody was told so yet."""
    return list(session.execute(_LATE, {"now": now}).scalars())


def of_dissents(session: Session, dissents: Sequence[int]) -> dict[int, Escalation]:
    """By the dissent they belong to."""
    if not dissents:
        return {}
    found = session.execute(_OF_DISSENTS, {"dissents": list(dissents)}).scalars()
    return {one.dissent_id: one for one in found}
