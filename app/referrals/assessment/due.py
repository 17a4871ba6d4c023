"""Until when the assessment under section 17 that is under way is due, for the first page (G1)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.protocols.registry import active
from app.protocols.types import Clock
from app.referrals.assessment.queries import completed
from app.referrals.models import Referral
from app.referrals.rating.queries import reopened_at
from app.referrals.rules import due_or, facts_since
from app.referrals.types import Outcome

# 45 working days without a bank holiday (WT2026): where the clock itself cannot answer.
NINE_WEEKS = timedelta(weeks=9)


def count_assessment(session: Session, referral: Referral) -> None:
    """Set it on a referral as it is decided now; empty where none is under way. Does not flush."""
    with session.no_autoflush:
        referral.assessment_due_at, referral.assessment_past = None, False
        if referral.outcome is not Outcome.SECTION_17:
            return
        if any(one.holds for one in completed(session, referral.id)):
            return
        facts = facts_since(referral, reopened_at(session, referral.id))
        protocol = active(council(session).protocol_id)
        referral.assessment_due_at = due_or(protocol, facts, Clock.ASSESSMENT, NINE_WEEKS)
