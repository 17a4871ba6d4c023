"""What follows discussions, for the first page (F8, G1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, func, select

from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Step
from app.meetings.models import Meeting


def follows(step: Step, most: int) -> Select[*tuple[Any, ...]]:
    """What comes next for a discussion's children, once for all of them. Cut by its index before
    it is put together. Takes `ahead`, until when."""
    of = ChildAfter.__table__.c.next_step.type
    first = (
        select(ChildAfter.meeting_id, ChildAfter.next_due_at)
        .where(
            ChildAfter.next_step == bindparam(None, step, type_=of, literal_execute=True),
            ChildAfter.next_due_at <= bindparam("ahead", type_=UTCDateTime()),
        )
        .order_by(ChildAfter.next_due_at, ChildAfter.id)
        .limit(most)
        .subquery()
    )
    due = func.min(first.c.next_due_at, type_=UTCDateTime())
    return (
        select(Meeting.id, Meeting.ref, due.label("due_at"))
        .join(first, first.c.meeting_id == Meeting.id)
        .group_by(Meeting.id, Meeting.ref)
        .order_by(due, Meeting.id)
    )
