"""Reading what was telephoned."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.meetings.calls.models import Call
from app.meetings.calls.types import CallShown, Outcome

_OF_MEETING = (
    select(
        Call.id,
        Call.invitee_id,
        Call.form_id,
        Call.outcome,
        Call.said,
        Call.at,
        Call.again_at,
        Staff.name,
    )
    .join(Staff, Staff.id == Call.by_id)
    .where(Call.meeting_id == bindparam("meeting_id"))
    .order_by(Call.id)
)
_OF_INVITEE = _OF_MEETING.where(Call.invitee_id == bindparam("invitee_id"))


_UNANSWERED = (
    select(func.count())
    .select_from(Call)
    .where(Call.form_id == bindparam("form_id"), Call.outcome != Outcome.SPOKE)
)


def unanswered_about(session: Session, form_id: int) -> int:
    """How many calls about a form reached nobody."""
    return session.execute(_UNANSWERED, {"form_id": form_id}).scalar_one()


def calls_of(session: Session, meeting_id: int) -> list[CallShown]:
    """Every call about a discussion, the first first."""
    return [CallShown(*row) for row in session.execute(_OF_MEETING, {"meeting_id": meeting_id})]


def calls_to(session: Session, meeting_id: int, invitee_id: int) -> list[CallShown]:
    """The calls to one invitee, the first first."""
    values = {"meeting_id": meeting_id, "invitee_id": invitee_id}
    return [CallShown(*row) for row in session.execute(_OF_INVITEE, values)]
