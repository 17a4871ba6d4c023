"""Which cases are closed, due for review or in work again, and which are to be closed (H8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    exists,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.discussion.models import Action
from app.meetings.escalation.models import Escalation
from app.meetings.joined.queries import CHILDREN_UNSPOKEN
from app.meetings.models import Meeting
from app.meetings.types import ActionState, MeetingState
from app.records.models import RecordCorrection
from app.records.recall.queries import RECALL_CLOSED
from app.referrals.abuse.models import AbuseCase
from app.referrals.assessment.queries import UNDER_WAY
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Referral, ReferralChild
from app.referrals.public.models import Arrival
from app.referrals.types import Outcome
from app.retention.models import ClosedCase
from app.retention.types import CaseKey, CaseKind

_NUMBER = {
    CaseKind.REFERRAL: ClosedCase.referral_id,
    CaseKind.MEETING: ClosedCase.meeting_id,
    CaseKind.ABUSE: ClosedCase.abuse_case_id,
    CaseKind.FORM: ClosedCase.arrival_id,
}
_CLOSED = {
    kind: select(ClosedCase).where(number == bindparam("id")) for kind, number in _NUMBER.items()
}
_CLOSED_BY_REF = {
    kind: select(ClosedCase)
    .where(ClosedCase.ref == bindparam("ref"), number.is_not(None))
    .with_for_update()
    .execution_options(populate_existing=True)
    for kind, number in _NUMBER.items()
}
# A domestic abuse case and a form are gone with their number: only their reference is left.
_GONE = select(ClosedCase).where(
    ClosedCase.ref == bindparam("ref"),
    ClosedCase.deleted_at.is_not(None),
    ClosedCase.referral_id.is_(None),
    ClosedCase.meeting_id.is_(None),
)
_DUE = (
    select(ClosedCase)
    .where(
        ClosedCase.keep_until < bindparam("now", type_=UTCDateTime()),
        ClosedCase.deleted_at.is_(None),
        ClosedCase.approved_at.is_(None),
        ClosedCase.held_at.is_(None),
    )
    .order_by(ClosedCase.keep_until, ClosedCase.id)
    .limit(bindparam("most", type_=Integer()))
)
# Asked each way by itself, so that an index serves it.
_ARCHIVED = union_all(
    select(ClosedCase.id).where(ClosedCase.meeting_id == bindparam("meeting_id")),
    select(ClosedCase.id)
    .join(Meeting, Meeting.referral_id == ClosedCase.referral_id)
    .where(Meeting.id == bindparam("meeting_id")),
)
_APPROVED = (
    select(ClosedCase)
    .where(ClosedCase.approved_at.is_not(None), ClosedCase.deleted_at.is_(None))
    .order_by(ClosedCase.approved_at, ClosedCase.id)
    .limit(bindparam("most", type_=Integer()))
)
# What came to nothing more: decided otherwise than by a strategy discussion, none was held, and no
# assessment is under way.
_TO_ARCHIVE = (
    select(Referral.ref)
    .where(
        Referral.decided_at < bindparam("before", type_=UTCDateTime()),
        Referral.outcome != Outcome.STRATEGY_DISCUSSION,
        ~UNDER_WAY,
        ~exists().where(ClosedCase.referral_id == Referral.id),
        ~exists().where(Meeting.referral_id == Referral.id),
        ~exists().where(
            AgencyCheck.referral_id == Referral.id,
            AgencyCheck.answered_at.is_(None),
            AgencyCheck.withdrawn_at.is_(None),
        ),
        ~exists().where(AbuseCase.referral_id == Referral.id, AbuseCase.closed_at.is_(None)),
    )
    .order_by(Referral.received_at, Referral.id)
    .limit(bindparam("most", type_=Integer()))
)
_ABUSE_TO_ARCHIVE = (
    select(AbuseCase.ref)
    .where(
        AbuseCase.closed_at < bindparam("before", type_=UTCDateTime()),
        AbuseCase.referral_id.is_(None),
        ~exists().where(ClosedCase.abuse_case_id == AbuseCase.id),
    )
    .order_by(AbuseCase.received_at, AbuseCase.id)
    .limit(bindparam("most", type_=Integer()))
)
_FORMS_TO_ARCHIVE = (
    select(Arrival.ref)
    .where(
        Arrival.filtered.is_not(None),
        Arrival.settled_at < bindparam("before", type_=UTCDateTime()),
        ~exists().where(ClosedCase.arrival_id == Arrival.id),
    )
    .order_by(Arrival.settled_at, Arrival.id)
    .limit(bindparam("most", type_=Integer()))
)
_ARCHIVED_BY_ITSELF = (
    (CaseKind.REFERRAL, _TO_ARCHIVE),
    (CaseKind.ABUSE, _ABUSE_TO_ARCHIVE),
    (CaseKind.FORM, _FORMS_TO_ARCHIVE),
)


def _state(state: MeetingState) -> ColumnElement[bool]:
    of = Meeting.__table__.c.state.type
    return Meeting.state == bindparam(None, state, type_=of, literal_execute=True)


# What runs is little, what is closed is much: closed cases that took new work are found from the
# work, by the partial indexes of what is open.
_WORK = union(
    *(
        select(Meeting.id).where(_state(state))
        for state in (
            MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.UNDER_WAY, MeetingState.ENDED,
        )
    ),
    select(Meeting.id).where(
        _state(MeetingState.SIGNED), Meeting.circulated_at.is_(None), ~RECALL_CLOSED
    ),
    select(RecordCorrection.meeting_id).where(RecordCorrection.closed_at.is_(None)),
    select(Action.meeting_id).where(
        Action.state == bindparam(
            None, ActionState.OPEN, type_=Action.__table__.c.state.type, literal_execute=True
        ),
        Action.removed_at.is_(None),
    ),
    select(ChildAfter.meeting_id).where(ChildAfter.next_step.is_not(None)),
    select(Escalation.meeting_id).where(Escalation.ended_at.is_(None)),
).subquery()  # fmt: skip
_WORK_ON_REFERRALS = union(
    select(Meeting.referral_id).join(_WORK, _WORK.c.id == Meeting.id),
    select(Referral.id).where(Referral.decided_at.is_(None)),
    select(AgencyCheck.referral_id).where(
        AgencyCheck.answered_at.is_(None), AgencyCheck.withdrawn_at.is_(None)
    ),
    select(AbuseCase.referral_id).where(AbuseCase.closed_at.is_(None)),
    CHILDREN_UNSPOKEN.with_only_columns(ReferralChild.referral_id),
    # Archived before anybody asked whether its assessment is complete.
    select(Referral.id).where(Referral.assessment_due_at.is_not(None)),
).subquery()
_IN_WORK: tuple[Select[ClosedCase], ...] = tuple(
    statement.where(ClosedCase.deleted_at.is_(None))
    .order_by(ClosedCase.id)
    .limit(bindparam("most", type_=Integer()))
    for statement in (
        select(ClosedCase).join(
            _WORK_ON_REFERRALS, _WORK_ON_REFERRALS.c.referral_id == ClosedCase.referral_id
        ),
        select(ClosedCase).join(_WORK, _WORK.c.id == ClosedCase.meeting_id),
        # Opened again, or a referral after all: it goes with that.
        select(ClosedCase)
        .join(AbuseCase, AbuseCase.id == ClosedCase.abuse_case_id)
        .where(or_(AbuseCase.closed_at.is_(None), AbuseCase.referral_id.is_not(None))),
        select(ClosedCase)
        .join(Arrival, Arrival.id == ClosedCase.arrival_id)
        .where(Arrival.filtered.is_(None)),
    )
)


def closed_case(session: Session, key: CaseKey, case_id: int) -> ClosedCase | None:
    """The row of a closed case; None while it is open."""
    return session.execute(_CLOSED[key.kind], {"id": case_id}).scalar_one_or_none()


def gone(session: Session, ref: str) -> ClosedCase | None:
    """What is left of a domestic abuse case or a form that was deleted."""
    return session.execute(_GONE, {"ref": ref}).scalars().first()


def closed_to_change(session: Session, key: CaseKey, case_id: int) -> ClosedCase | None:
    """The same, read anew and locked until the transaction ends."""
    locked = _CLOSED[key.kind].with_for_update().execution_options(populate_existing=True)
    return session.execute(locked, {"id": case_id}).scalar_one_or_none()


def closed_by_ref_to_change(session: Session, key: CaseKey) -> ClosedCase | None:
    """The row of a closed case by its reference, locked: it may have become another kind of case
    since."""
    found = session.execute(_CLOSED_BY_REF[key.kind], {"ref": key.ref})
    return found.scalar_one_or_none()


def discussion_archived(session: Session, meeting_id: int) -> bool:
    """Whether the case that a discussion belongs to is closed."""
    return session.execute(_ARCHIVED, {"meeting_id": meeting_id}).first() is not None


def due_for_review(session: Session, now: datetime, most: int) -> list[ClosedCase]:
    """Cases whose time is over and at which nobody has looked, the oldest first."""
    return list(session.execute(_DUE, {"now": now, "most": most}).scalars())


def approved(session: Session, most: int) -> list[ClosedCase]:
    """Cases whose deletion was approved, the first approved first."""
    return list(session.execute(_APPROVED, {"most": most}).scalars())


def to_archive(session: Session, before: datetime, most: int) -> list[CaseKey]:
    """What came to nothing more, was settled before then and is not closed."""
    return [
        CaseKey(kind, ref)
        for kind, statement in _ARCHIVED_BY_ITSELF
        for ref in session.execute(statement, {"before": before, "most": most}).scalars()
    ]


def in_work(session: Session, most: int) -> list[CaseKey]:
    """Closed cases in which something is open again."""
    return [
        key_of(case)
        for statement in _IN_WORK
        for case in session.execute(statement, {"most": most}).scalars()
    ]


def key_of(case: ClosedCase) -> CaseKey:
    """Which case a row is of that is not deleted."""
    kind = next(kind for kind, number in _NUMBER.items() if getattr(case, number.key) is not None)
    return CaseKey(kind, case.ref)
