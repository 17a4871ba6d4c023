"""Discussions that were cancelled while the need for one stands: nobody else would speak of the
child (G1, A11)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import aliased

from app.core.database import any_of, literally
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.referrals.types import Outcome

Rows = Select[*tuple[Any, ...]]

_HELD = (MeetingState.ENDED, MeetingState.SIGNED)
_other, _held = aliased(Meeting), aliased(Meeting)
_mine, _theirs = aliased(MeetingChild), aliased(MeetingChild)
# Written literally, so that the partial index serves it: it holds the few that nothing settled, and
# what follows is asked of them alone.
_stands_open = and_(
    Meeting.state == literally(MeetingState.CANCELLED),
    Meeting.replaced_at.is_(None),
    Meeting.not_needed_at.is_(None),
)
_nothing_later = ~exists().where(
    _other.referral_id == Meeting.referral_id,
    _other.id != Meeting.id,
    _other.state.not_in(any_of((MeetingState.CANCELLED, *_HELD))) | (_other.id > Meeting.id),
)
_held_before = exists().where(
    _held.referral_id == Meeting.referral_id, _held.state.in_(any_of(_HELD))
)
# Of each child by itself: a later discussion of a brother or sister speaks of them alone.
_a_child_has_no_later = (
    exists()
    .where(
        _mine.meeting_id == Meeting.id,
        ~exists()
        .where(_theirs.child_id == _mine.child_id, _theirs.meeting_id > Meeting.id)
        .correlate(Meeting, _mine),
    )
    .correlate(Meeting)
)

# The decision stands that one is needed and nothing took its place: the clock runs on. The
# reference is that of the referral.
OF_REFERRALS: Rows = (
    select(Meeting.id, Referral.ref, Meeting.due_at)
    .join(Referral, Referral.id == Meeting.referral_id)
    .where(
        _stands_open,
        Referral.outcome == Outcome.STRATEGY_DISCUSSION,
        _nothing_later,
        ~_held_before,
    )
    .order_by(Meeting.due_at, Meeting.id)
)
# There is no decision on a referral to ask for, because it is an open case (A11) or an earlier
# discussion was held: the discussion itself keeps whether another is needed.
BESIDE_THEM: Rows = (
    select(Meeting.id, Meeting.ref, Meeting.due_at)
    .where(
        _stands_open,
        (Meeting.referral_id.is_(None) & _a_child_has_no_later)
        | (Meeting.referral_id.is_not(None) & _held_before & _nothing_later),
    )
    .order_by(Meeting.due_at, Meeting.id)
)
