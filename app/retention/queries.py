"""Which cases are closed, and what of a case is still open (H8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Integer, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.escalation.models import Escalation
from app.meetings.models import Action, Meeting, MeetingChild
from app.meetings.types import ActionState, MeetingState
from app.records.models import RecordCorrection
from app.referrals.abuse.models import AbuseCase
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.types import Outcome
from app.retention.models import ClosedCase
from app.retention.types import CaseFacts, CaseKey, CaseKind

_OVER = (MeetingState.SIGNED, MeetingState.CANCELLED)
_BY_REFERRAL = select(Referral.id).where(Referral.ref == bindparam("ref"))
_BY_MEETING = select(Meeting.id).where(
    Meeting.ref == bindparam("ref"), Meeting.referral_id.is_(None)
)
_REFERRAL_OF = (
    select(Referral.ref)
    .join(Meeting, Meeting.referral_id == Referral.id)
    .where(Meeting.ref == bindparam("ref"))
)
_MEETINGS_OF = select(Meeting.id).where(Meeting.referral_id == bindparam("referral_id"))
_CHILDREN_OF_REFERRAL = select(ReferralChild.child_id).where(
    ReferralChild.referral_id == bindparam("referral_id")
)
_CHILDREN_OF_MEETINGS = select(MeetingChild.child_id).where(
    MeetingChild.meeting_id.in_(bindparam("meetings", expanding=True))
)
_BIRTHS = select(Child.date_of_birth, Child.due_date, Child.looked_after).where(
    Child.id.in_(bindparam("children", expanding=True))
)
_MEETING_STATES = select(
    Meeting.state, Meeting.started_at, Meeting.circulated_at, Meeting.created_at
).where(Meeting.id.in_(bindparam("meetings", expanding=True)))


_IN_MEETINGS: BindParameter[Any] = bindparam("meetings", expanding=True)
_CORRECTIONS = select(func.count(RecordCorrection.id)).where(
    RecordCorrection.meeting_id.in_(_IN_MEETINGS), RecordCorrection.closed_at.is_(None)
)
_ACTIONS = select(func.count(Action.id)).where(
    Action.meeting_id.in_(_IN_MEETINGS),
    Action.state == ActionState.OPEN,
    Action.removed_at.is_(None),
)
_STEPS = select(func.count(ChildAfter.id)).where(
    ChildAfter.meeting_id.in_(_IN_MEETINGS), ChildAfter.next_step.is_not(None)
)
_DISAGREEMENTS = select(func.count(Escalation.id)).where(
    Escalation.meeting_id.in_(_IN_MEETINGS), Escalation.ended_at.is_(None)
)
_CHECKS = select(func.count(AgencyCheck.id)).where(
    AgencyCheck.referral_id == bindparam("referral_id"),
    AgencyCheck.answered_at.is_(None),
    AgencyCheck.withdrawn_at.is_(None),
)
_ABUSE = select(func.count(AbuseCase.id)).where(
    AbuseCase.referral_id == bindparam("referral_id"), AbuseCase.closed_at.is_(None)
)
_CLOSED_REFERRAL = select(ClosedCase).where(ClosedCase.referral_id == bindparam("id"))
_CLOSED_MEETING = select(ClosedCase).where(ClosedCase.meeting_id == bindparam("id"))
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
_HELD = (
    select(ClosedCase)
    .where(ClosedCase.held_at.is_not(None), ClosedCase.deleted_at.is_(None))
    .order_by(ClosedCase.held_at, ClosedCase.id)
    .limit(bindparam("most", type_=Integer()))
)
_APPROVED = (
    select(ClosedCase)
    .where(ClosedCase.approved_at.is_not(None), ClosedCase.deleted_at.is_(None))
    .order_by(ClosedCase.approved_at, ClosedCase.id)
    .limit(bindparam("most", type_=Integer()))
)
# What came to nothing more: decided otherwise than by a strategy discussion, and none was held.
_TO_ARCHIVE = (
    select(Referral.ref)
    .where(
        Referral.decided_at < bindparam("before", type_=UTCDateTime()),
        Referral.outcome != Outcome.STRATEGY_DISCUSSION,
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
# Other cases about one of these children that are not closed.
_OTHER_REFERRALS = select(func.count(func.distinct(Referral.id))).where(
    Referral.id == ReferralChild.referral_id,
    ReferralChild.child_id.in_(bindparam("children", expanding=True)),
    Referral.id != bindparam("referral_id"),
    ~exists().where(ClosedCase.referral_id == Referral.id),
)
_OTHER_MEETINGS = select(func.count(func.distinct(Meeting.id))).where(
    Meeting.id == MeetingChild.meeting_id,
    MeetingChild.child_id.in_(bindparam("children", expanding=True)),
    Meeting.id.not_in(bindparam("meetings", expanding=True)),
    Meeting.state != MeetingState.CANCELLED,
    ~exists().where(
        or_(
            ClosedCase.meeting_id == Meeting.id,
            ClosedCase.referral_id == Meeting.referral_id,
        )
    ),
)


class CaseRows(NamedTuple):
    """The rows a case is made of: its referral (0 for an open case), discussions, children."""

    id: int
    referral_id: int
    meetings: list[int]
    children: list[int]


def case_of_meeting(session: Session, ref: str) -> CaseKey:
    """The case that a discussion belongs to: its referral's, or its own (A11)."""
    referral = session.execute(_REFERRAL_OF, {"ref": ref}).scalar_one_or_none()
    if referral is None:
        return CaseKey(CaseKind.MEETING, ref)
    return CaseKey(CaseKind.REFERRAL, referral)


def rows_of(session: Session, key: CaseKey) -> CaseRows | None:
    """The case with this reference, or None; a discussion of a referral is no case by itself."""
    by = _BY_REFERRAL if key.kind is CaseKind.REFERRAL else _BY_MEETING
    found = session.execute(by, {"ref": key.ref}).scalar_one_or_none()
    if found is None:
        return None
    referral_id = found if key.kind is CaseKind.REFERRAL else 0
    asked = {"referral_id": referral_id}
    meetings = list(session.execute(_MEETINGS_OF, asked).scalars()) if referral_id else [found]
    children = set(session.execute(_CHILDREN_OF_REFERRAL, asked).scalars())
    children |= set(session.execute(_CHILDREN_OF_MEETINGS, {"meetings": meetings}).scalars())
    return CaseRows(found, referral_id, meetings, sorted(children))


def facts_of(session: Session, rows: CaseRows) -> CaseFacts:
    """What the rules have to know of a case."""
    referral = session.get(Referral, rows.referral_id) if rows.referral_id else None
    asked = {"meetings": rows.meetings, "referral_id": rows.referral_id}
    held = session.execute(_MEETING_STATES, {"meetings": rows.meetings}).all()
    births = session.execute(_BIRTHS, {"children": rows.children}).all()
    began = [one.created_at for one in held] + ([referral.received_at] if referral else [])

    def count(statement: Select[int]) -> int:
        return session.execute(statement, asked).scalar_one()

    return CaseFacts(
        began_at=min(began),
        decided=referral is None or referral.decided_at is not None,
        discussed=any(one.started_at is not None for one in held),
        looked_after=any(one.looked_after for one in births),
        births=tuple(one.date_of_birth or one.due_date for one in births),
        meetings_open=sum(one.state not in _OVER for one in held),
        records_not_circulated=sum(
            one.state is MeetingState.SIGNED and one.circulated_at is None for one in held
        ),
        corrections=count(_CORRECTIONS),
        actions_open=count(_ACTIONS),
        steps_open=count(_STEPS),
        disagreements_open=count(_DISAGREEMENTS),
        checks_open=count(_CHECKS),
        abuse_cases_open=count(_ABUSE),
    )


def others_open(session: Session, rows: CaseRows) -> int:
    """How many other cases about one of these children are not closed."""
    asked = {
        "children": rows.children, "meetings": rows.meetings, "referral_id": rows.referral_id,
    }  # fmt: skip
    return (
        session.execute(_OTHER_REFERRALS, asked).scalar_one()
        + session.execute(_OTHER_MEETINGS, asked).scalar_one()
    )


def closed_case(session: Session, key: CaseKey, case_id: int) -> ClosedCase | None:
    """The row of a closed case; None while it is open."""
    by = _CLOSED_REFERRAL if key.kind is CaseKind.REFERRAL else _CLOSED_MEETING
    return session.execute(by, {"id": case_id}).scalar_one_or_none()


def closed_to_change(session: Session, key: CaseKey, case_id: int) -> ClosedCase | None:
    """The same, read anew and locked until the transaction ends."""
    by = _CLOSED_REFERRAL if key.kind is CaseKind.REFERRAL else _CLOSED_MEETING
    locked = by.with_for_update().execution_options(populate_existing=True)
    return session.execute(locked, {"id": case_id}).scalar_one_or_none()


def due_for_review(session: Session, now: datetime, most: int) -> list[ClosedCase]:
    """Cases whose time is over and at which nobody has looked, the oldest first."""
    return list(session.execute(_DUE, {"now": now, "most": most}).scalars())


def on_hold(session: Session, most: int) -> list[ClosedCase]:
    return list(session.execute(_HELD, {"most": most}).scalars())


def approved(session: Session, most: int) -> list[ClosedCase]:
    """Cases whose deletion was approved, the first approved first."""
    return list(session.execute(_APPROVED, {"most": most}).scalars())


def to_archive(session: Session, before: datetime, most: int) -> list[str]:
    """References of referrals that came to nothing more, decided before then and not closed."""
    return list(session.execute(_TO_ARCHIVE, {"before": before, "most": most}).scalars())


def key_of(case: ClosedCase) -> CaseKey:
    """Which case a row is of."""
    return CaseKey(CaseKind.REFERRAL if case.referral_id else CaseKind.MEETING, case.ref)
