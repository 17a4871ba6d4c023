"""What an upgrade found of assessments under section 17: counted by the protocol, and those that
were over before this installation counted said to be complete at once (F8, I2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.referrals.acting import staff_id, subject_of, taken_first
from app.referrals.assessment import past_queries
from app.referrals.assessment.due import count_assessment
from app.referrals.assessment.models import AssessmentCompleted
from app.referrals.models import Referral


def count_next(session: Session, after: int, now: datetime) -> tuple[int, bool] | None:
    """Count the first such assessment whose referral's number comes after `after` by its protocol;
    one that is not due yet is work like any other from then on. Returns that number and whether
    its limit moved, None where there is none left. Safe to run again."""
    found = past_queries.next_past(session, after)
    if found is None:
        return None
    taken_first(session, found)
    referral = session.get_one(Referral, found)
    was = referral.assessment_due_at
    count_assessment(session, referral)
    due = referral.assessment_due_at
    referral.assessment_past = due is not None and due <= now
    session.flush()
    return found, due != was


def say_past(
    session: Session,
    actor: Actor,
    shown: Collection[str],
    complete: Collection[str],
    reason: str,
    now: datetime,
) -> int:
    """Of those that were `shown`, by reference: what is `complete` is noted so, with why; what is
    not is late work from now on. What somebody settled meanwhile stays as it is. Returns how many
    were noted."""
    numbers = {one.id for one in past_queries.past(session) if one.ref in shown}
    taken_first(session, *sorted(numbers))
    done = 0
    for one in past_queries.past(session):
        if one.id not in numbers:
            continue
        referral = session.get_one(Referral, one.id)
        referral.assessment_past = False
        if one.ref not in complete:
            continue
        session.add(
            AssessmentCompleted(
                referral_id=one.id,
                completed_at=now,
                recorded_by_id=staff_id(actor),
                recorded_at=now,
                reason=reason,
            )
        )
        referral.assessment_due_at = None
        record(
            session, actor, "assessment complete before it was counted", subject_of(referral), now,
            {"was_due_at": one.due_at.isoformat()},
        )  # fmt: skip
        done += 1
    session.flush()
    return done
