"""Discussions that want a look before they begin: a select each, without limit (B1, C2, C7, C11,
D7)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffRole
from app.accounts.types import CHAIRING
from app.core.database import UTCDateTime, any_of, literally
from app.directory.types import AgencyKind
from app.meetings.beside import TOOK_PLACE_SINCE
from app.meetings.booking.cautions import ABSENT
from app.meetings.booking.rules import QUORUM
from app.meetings.joined.queries import IS_LAST, UNSPOKEN
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.referrals.models import ReferralChild

# Until it begins or gets another time. What took place at once instead is asked about below.
NOT_BEGUN = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(
        Meeting.state == literally(MeetingState.BOOKED),
        Meeting.starts_at < bindparam("begun_by", type_=UTCDateTime()),
        ~TOOK_PLACE_SINCE,
    )
    .order_by(Meeting.starts_at, Meeting.id)
)
# The index holds these alone: see the model.
DUE_SOONER = (
    select(Meeting.id, Meeting.ref, Meeting.sooner_due_at.label("due_at"))
    .where(
        Meeting.sooner_due_at.is_not(None),
        Meeting.state.in_(any_of((MeetingState.NEEDED, MeetingState.BOOKED))),
    )
    .order_by(Meeting.sooner_due_at, Meeting.id)
)
# The deadline came to lie before the time that was booked: until that comes or is moved, or
# somebody says why it stays (B2, C7).
BOOKED_LATE = (
    select(Meeting.id, Meeting.ref, Meeting.due_at)
    .where(
        Meeting.state == literally(MeetingState.BOOKED),
        Meeting.starts_at > Meeting.due_at,
        Meeting.starts_at > bindparam("now", type_=UTCDateTime()),
        Meeting.late_reason.is_(None),
        Meeting.clocks["earlier"].as_string().is_not(None),
    )
    .order_by(Meeting.due_at, Meeting.id)
)
# A child who joined the referral is in none of its discussions: until they are taken in, another
# is decided, or somebody says that none is needed. One that waits to be booked takes them in by
# itself (A2).
# Asked from the few who joined on, by their index: the discussions are as many as there ever were.
JOINED = (
    select(
        Meeting.id,
        Meeting.ref,
        select(func.min(ReferralChild.speak_by_at, type_=UTCDateTime()))
        .where(ReferralChild.referral_id == Meeting.referral_id, *UNSPOKEN)
        .correlate(Meeting)
        .scalar_subquery()
        .label("due_at"),
    )
    .where(Meeting.referral_id.in_(select(ReferralChild.referral_id).where(*UNSPOKEN)), IS_LAST)
    .order_by(literal_column("due_at"), Meeting.id)
)
_MAY_CHAIR = exists().where(
    Staff.id == Meeting.chair_id,
    Staff.ended_at.is_(None),
    StaffRole.staff_id == Staff.id,
    StaffRole.role.in_(any_of(CHAIRING)),
)
# Whoever was to chair cannot come, has left, or is no chair any more.
WITHOUT_CHAIR = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(
        Meeting.state == literally(MeetingState.BOOKED),
        or_(
            Meeting.chair_id.is_not(None) & ~_MAY_CHAIR,
            exists().where(
                Invitee.meeting_id == Meeting.id,
                Invitee.staff_id == Meeting.chair_id,
                Invitee.removed_at.is_(None),
                Invitee.answer.in_(any_of(ABSENT)),
            ),
        ),
    )
    .order_by(Meeting.starts_at, Meeting.id)
)


def _none_comes_from(kind: AgencyKind) -> Any:
    """Whether somebody is invited of this kind of agency, and everybody of it is absent. The chair
    who cannot come is asked about by themselves."""
    of_it = (
        Invitee.meeting_id == Meeting.id,
        Invitee.agency_kind == literally(kind),
        Invitee.removed_at.is_(None),
    )
    absent = Invitee.answer.in_(any_of(ABSENT))
    return and_(
        exists().where(*of_it, absent, Invitee.staff_id.is_(None)),
        ~exists().where(*of_it, ~absent),
    )


_NONE_FROM = {kind: _none_comes_from(kind) for kind in QUORUM}
# Until somebody else is asked, the answer is another, or it begins.
WITHOUT_QUORUM = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(Meeting.state == literally(MeetingState.BOOKED), or_(*_NONE_FROM.values()))
    .order_by(Meeting.starts_at, Meeting.id)
)
_WHICH = select(Meeting.id, *(none.label(kind.value) for kind, none in _NONE_FROM.items())).where(
    Meeting.id.in_(bindparam("ids", expanding=True))
)
# Until somebody cancels it or keeps it with a reason, or it is held.
OVERTAKEN = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(Meeting.state == literally(MeetingState.BOOKED), TOOK_PLACE_SINCE)
    .order_by(Meeting.starts_at, Meeting.id)
)


def nobody_from(session: Session, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Of each of these discussions, from whom nobody is expected: one statement, none for none."""
    if not ids:
        return {}
    return {
        id_: tuple(
            f"Nobody is expected from {kind.label.lower()}."
            for kind, none in zip(QUORUM, absent, strict=True)
            if none
        )
        for id_, *absent in session.execute(_WHICH, {"ids": list(ids)})
    }
