"""Which case a discussion is about, and since when what is said of it counts (A11, B1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.refusal import Refused
from app.meetings import queries
from app.meetings.models import Meeting
from app.meetings.need.rules import decided_otherwise
from app.meetings.need.types import Occasion
from app.meetings.types import MeetingState
from app.protocols.types import Facts
from app.referrals import queries as referrals
from app.referrals.models import Referral
from app.referrals.outcome.queries import decisions
from app.referrals.rating.queries import reopened_at
from app.referrals.rules import facts_since
from app.referrals.types import Outcome


class NoSuchReferral(LookupError):
    """No referral has this reference."""


@dataclass(frozen=True, slots=True)
class Case:
    """The referral or the children, ready for a discussion.

    `reopened_at` is when the referral was last opened again, `decided_at` when it was last decided
    since then, and `otherwise_at` when it was decided as something else that took its course.
    """

    referral: Referral | None
    child_ids: list[int]
    is_first: bool
    cancelled: Meeting | None = None  # in whose place the discussion comes
    reopened_at: datetime | None = None
    otherwise_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def puts_right(self) -> bool:
        """Whether it replaces a decision of less than a day ago, which counts for nothing then."""
        return (
            self.decided_at is not None
            and self.otherwise_at is None
            and self.referral is not None
            and self.referral.outcome is not Outcome.STRATEGY_DISCUSSION
        )

    @property
    def anew_at(self) -> datetime | None:
        """Since when a need counts as this one; None where the referral stands as it came."""
        return self.otherwise_at or self.reopened_at


def case_of(session: Session, occasion: Occasion, at: datetime) -> Case:
    """The case of this occasion, decided at the moment `at`. Raises NoSuchReferral; Refused where
    a child is not known.

    A discussion is the first of its referral, or the first since that was opened again. One that
    comes after the referral was decided as something else is a further one: of an assessment under
    way, say, which the old referral does not make late. That decision also settles what was to
    follow a discussion cancelled before it. One that was put right within a day did neither.
    """
    if occasion.referral_ref is None:
        return _open_case(session, occasion)
    referral = referrals.by_ref(session, occasion.referral_ref)
    if referral is None:
        raise NoSuchReferral(occasion.referral_ref)
    reopened = reopened_at(session, referral.id)
    decided = [
        one for one in decisions(session, referral.id) if reopened is None or one.at > reopened
    ]
    otherwise = decided_otherwise(decided, at)
    before = [
        one
        for one in queries.meetings_of_referral(session, referral.id)
        if one.state is not MeetingState.NEEDED and (reopened is None or one.created_at >= reopened)
    ]
    return Case(
        referral,
        [one.child_id for one in referral.children],
        is_first=otherwise is None and all(one.state is MeetingState.CANCELLED for one in before),
        cancelled=_stands_open(before[-1], otherwise) if before else None,
        reopened_at=reopened,
        otherwise_at=otherwise,
        decided_at=max((one.at for one in decided), default=None),
    )


def case_to_change(session: Session, occasion: Occasion, at: datetime) -> Case:
    """The same, its referral locked: of two decisions at once the second sees the first."""
    case = case_of(session, occasion, at)
    if case.referral is None:
        return case
    session.refresh(case.referral, with_for_update=True)
    return case_of(session, occasion, at)


def said_by(case: Case, decided_at: datetime) -> Facts | None:
    """What the referral says, since it was opened again or decided on, whichever came first: the
    reopening may be typed after the decision. None for an open case."""
    if case.referral is None:
        return None
    reopened = case.reopened_at
    return facts_since(case.referral, min(reopened, decided_at) if reopened else None)


def _stands_open(last: Meeting, otherwise: datetime | None) -> Meeting | None:
    if last.state is not MeetingState.CANCELLED or last.not_needed_at is not None:
        return None
    return last if otherwise is None or otherwise < last.created_at else None


def _open_case(session: Session, occasion: Occasion) -> Case:
    found = [referrals.child_by_ref(session, ref) for ref in dict.fromkeys(occasion.child_refs)]
    children = [child for child in found if child is not None]
    if not children or len(children) != len(found):
        raise Refused("children", "Choose at least one child")
    ids = [child.id for child in children]
    return Case(None, ids, is_first=False, cancelled=queries.last_cancelled(session, ids))
