"""What follows discussions, and closed cases to review, for the first page (F8, H8, G1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, func, select

from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Step
from app.meetings.models import Meeting
from app.retention.models import ClosedCase

# Its key is the reference of the referral, or of the discussion where there is no referral.
REVIEWS: Select[*tuple[Any, ...]] = (
    select(ClosedCase.id, ClosedCase.ref, ClosedCase.keep_until.label("due_at"))
    .where(
        ClosedCase.keep_until < bindparam("ahead", type_=UTCDateTime()),
        ClosedCase.deleted_at.is_(None),
        ClosedCase.approved_at.is_(None),
        ClosedCase.held_at.is_(None),
    )
    .order_by(ClosedCase.keep_until, ClosedCase.id)
)


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
