"""What follows discussions, and closed cases to review, for the first page (F8, H8, G1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Subquery, bindparam, func, select, union_all

from app.core.database import UTCDateTime, literally
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Step
from app.meetings.models import Meeting
from app.referrals.models import Referral
from app.reports.types import WorkKind
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
# Decided under section 17 and not complete: no discussion's children lead to it (F8).
ASSESSMENTS: Select[*tuple[Any, ...]] = (
    select(Referral.id, Referral.ref, Referral.assessment_due_at.label("due_at"))
    .where(
        Referral.assessment_due_at <= bindparam("ahead", type_=UTCDateTime()),
        Referral.assessment_past.is_(False),  # one line stands for all of those
    )
    .order_by(Referral.assessment_due_at, Referral.id)
)


def follows(steps: Mapping[WorkKind, Step], most: int) -> Select[*tuple[Any, ...]]:
    """What comes next for a discussion's children, once for all of them, by the kind of work that
    each step is. Each step is cut by its index before they are put together. Takes `ahead`, until
    when."""
    first = union_all(
        *(select(one.c.kind, one.c.meeting_id, one.c.next_due_at)
          for one in (_first(kind, step, most) for kind, step in steps.items()))
    ).subquery()  # fmt: skip
    due = func.min(first.c.next_due_at, type_=UTCDateTime())
    return (
        select(first.c.kind, Meeting.id, Meeting.ref, due.label("due_at"))
        .join(first, first.c.meeting_id == Meeting.id)
        .group_by(first.c.kind, Meeting.id, Meeting.ref)
        .order_by(due, Meeting.id)
    )


def _first(kind: WorkKind, step: Step, most: int) -> Subquery:
    return (
        select(
            literally(kind).label("kind"),
            ChildAfter.meeting_id,
            ChildAfter.next_due_at,
        )
        .where(
            ChildAfter.next_step == literally(step),
            ChildAfter.next_due_at <= bindparam("ahead", type_=UTCDateTime()),
        )
        .order_by(ChildAfter.next_due_at, ChildAfter.id)
        .limit(most)
        .subquery()
    )
