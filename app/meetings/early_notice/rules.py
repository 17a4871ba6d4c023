"""When the quality service is told, and told anew: pure (BROMLEY 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from app.meetings.after.rules import decided_in
from app.meetings.after.types import Conference, Standing

# While people talk: a slip of the finger is put right within moments.
SETTLES_AT_ONCE = timedelta(minutes=2)
# The answers on which it hangs whether they are told; keys of the child's questions.
SPEAK_OF_IT = ("conference", "quality_told", "section_47")
# An answer that is put right after the discussion is often put right twice.
SETTLES = timedelta(minutes=5)
# A letter that is due for longer is not about to be made: somebody has to look.
NOTICE_SLOW = timedelta(minutes=10)
_AHEAD = frozenset({Conference.LIKELY, Conference.REQUIRED})


def to_tell(one: Standing, told: Conference | None) -> Conference | None:
    """What the quality service has to be told of a child's conference now; None for nothing.

    `told` is what a letter said last. The first one goes where nobody has told them yet; after
    that they hear when it becomes required, or likely again, and when it is not needed after all.
    Once it was referred or held they know more than a letter says.
    """
    if one.icpc_held_at is not None:
        return None
    ahead = one.conference in _AHEAD
    if told is None:
        known = one.quality_told_at is not None or one.icpc_referred_at is not None
        return one.conference if ahead and not known else None
    if not ahead:
        return Conference.NOT_NEEDED if told is not Conference.NOT_NEEDED else None
    if one.conference is told or one.icpc_referred_at is not None:
        return None
    return one.conference


def tell_at(ended_at: datetime, now: datetime) -> datetime:
    """When to tell them: as the discussion ends, later once an answer has settled."""
    return now if now == ended_at else now + SETTLES


def during(answers: Mapping[str, str], before: Standing | None, now: datetime) -> Standing:
    """How a child's conference stands in a discussion that still runs, by what was said so far.

    `before` is how the section 47 enquiry stood that the discussion continues: what was required
    stays so, and what they know they need not be told again, as when the discussion has ended.
    """
    decided = decided_in(answers, now)
    if before is None:
        return Standing(
            ended_at=now, enquiry_runs=decided.enquiry_runs, enquiry_outcome=None,
            conference=decided.conference, quality_told_at=decided.quality_told_at,
            icpc_referred_at=None, icpc_booked_for=None, icpc_held_at=None,
            assessment_runs=False, assessment_completed_at=None, review_at=None,
            review_held_at=None, icpc_referral_due_at=None, icpc_due_at=None,
            assessment_due_at=None,
        )  # fmt: skip
    stays = before.conference is Conference.REQUIRED or decided.conference is None
    return replace(
        before,
        conference=before.conference if stays else decided.conference,
        quality_told_at=decided.quality_told_at or before.quality_told_at,
    )
