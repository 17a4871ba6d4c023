"""A discussion that is recorded as held, and may be one that is booked or begun already: its
invitees, answers and reports are there (C11)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.core.database import any_of
from app.core.refusal import Refused
from app.meetings.beside import Beside
from app.meetings.models import Meeting, MeetingChild
from app.meetings.need.types import HeldAlready
from app.meetings.types import MeetingState
from app.referrals.models import Child

# Begun sooner or later than it was booked for, it is the same one still.
NEAR = timedelta(hours=1)
_STANDS = (MeetingState.BOOKED, MeetingState.UNDER_WAY, MeetingState.ENDED)
_ABOUT = (
    select(
        Meeting.ref, Meeting.state, Meeting.starts_at, Meeting.ends_at,
        Meeting.started_at, Meeting.ended_at,
    )
    .where(
        Meeting.state.in_(any_of(_STANDS)),
        exists().where(
            MeetingChild.meeting_id == Meeting.id,
            MeetingChild.child_id.in_(bindparam("children", expanding=True)),
        ),
    )
    .order_by(Meeting.id)
)  # fmt: skip
_TAKE = (
    select(Child.id)
    .where(Child.id.in_(bindparam("children", expanding=True)))
    .order_by(Child.id)
    .with_for_update(key_share=True)
)


def at_that_time(
    session: Session, child_ids: Collection[int], began: datetime, ended: datetime
) -> list[Beside]:
    """The discussions about any of these children that are booked for about that time, are under
    way since then, or ended then and are not signed."""
    found = []
    for ref, state, starts_at, ends_at, started_at, ended_at in session.execute(
        _ABOUT, {"children": list(child_ids)}
    ):
        begins = started_at or starts_at
        over = None if state is MeetingState.UNDER_WAY else ended_at or ends_at
        if begins is None or begins >= ended + NEAR or (over and over <= began - NEAR):
            continue
        found.append(Beside(ref, begins))
    return found


def check_another(
    session: Session, child_ids: Collection[int], given: HeldAlready, hidden: Collection[str]
) -> None:
    """Raise Refused (field `another`) where this may be one that is there already, and nobody said
    that it is not. What is `hidden` from whoever records it is not told.

    The children are locked, after their referral: of two people who write down the same talk at
    once the second is told of the first."""
    if given.another:
        return
    session.execute(_TAKE, {"children": sorted(child_ids)})
    about = at_that_time(session, child_ids, given.started_at, given.ended_at)
    there = [one.ref for one in about if one.ref not in hidden]
    if there:
        raise Refused(
            "another",
            f"Go on with {' or '.join(there)} if it is the one that was held, or say that this "
            "was a different discussion",
        )
