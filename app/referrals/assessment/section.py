"""The assessment under section 17 on the referral's page, and its clock (F8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.protocols.types import Clock
from app.referrals.assessment.queries import completed
from app.referrals.models import Referral
from app.referrals.sections import KeptClock, Part, Section
from app.referrals.types import Outcome


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """What was noted of one that is decided, the newest first: one statement, none elsewhere."""
    runs = referral.outcome is Outcome.SECTION_17
    rows = completed(session, referral.id) if runs else []
    done = next((one for one in rows if one.holds), None)
    clocks: tuple[KeptClock, ...] = ()
    if done is not None and done.row.reason is not None:
        clocks = (KeptClock(Clock.ASSESSMENT, runs=False),)
    elif done is not None:
        clocks = (KeptClock(Clock.ASSESSMENT, met_at=done.row.completed_at),)
    context = {"rows": rows, "ref": referral.ref, "runs": runs, "done": done is not None}
    return Part(context, clocks=clocks)


referral_section = Section("referrals/_assessment.html", "after", load)
