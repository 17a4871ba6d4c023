"""Which cases are closed, and what of a case is still open (H8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.after.models import ChildAfter
from app.meetings.escalation.models import Escalation
from app.meetings.models import Action, Meeting, MeetingChild
from app.meetings.types import ActionState, MeetingState
from app.records.models import RecordCorrection
from app.records.recall.queries import RECALL_CLOSED
from app.referrals.abuse.models import AbuseCase, AbusePerson
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.public.models import Arrival
from app.referrals.types import Outcome
from app.retention.models import ClosedCase
from app.retention.types import CaseFacts, CaseKey, CaseKind

_OVER = (MeetingState.SIGNED, MeetingState.CANCELLED)
_BY_REFERRAL = select(Referral.id).where(Referral.ref == bindparam("ref"))
_BY_MEETING = select(Meeting.id).where(
    Meeting.ref == bindparam("ref"), Meeting.referral_id.is_(None)
)
_BY: dict[CaseKind, Select[int]] = {
    CaseKind.REFERRAL: _BY_REFERRAL,
    CaseKind.MEETING: _BY_MEETING,
    CaseKind.ABUSE: select(AbuseCase.id).where(
        AbuseCase.ref == bindparam("ref"), AbuseCase.referral_id.is_(None)
    ),
    CaseKind.FORM: select(Arrival.id).where(
        Arrival.ref == bindparam("ref"),
        Arrival.referral_id.is_(None),
        Arrival.sent_at.is_not(None),
    ),
}
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
    Meeting.state,
    Meeting.started_at,
    Meeting.circulated_at,
    Meeting.created_at,
    RECALL_CLOSED.label("recall_closed"),
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
_VICTIMS = select(AbusePerson.date_of_birth).where(
    AbusePerson.case_id == bindparam("abuse_case_id")
)
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
    """The rows a case is made of; 0 for what it is not."""

    id: int
    referral_id: int
    meetings: list[int]
    children: list[int]
    abuse_case_id: int = 0
    arrival_id: int = 0


def case_of_meeting(session: Session, ref: str) -> CaseKey:
    """The case that a discussion belongs to: its referral's, or its own (A11)."""
    referral = session.execute(_REFERRAL_OF, {"ref": ref}).scalar_one_or_none()
    if referral is None:
        return CaseKey(CaseKind.MEETING, ref)
    return CaseKey(CaseKind.REFERRAL, referral)


def rows_of(session: Session, key: CaseKey) -> CaseRows | None:
    """The case with this reference, or None; a discussion of a referral is no case by itself."""
    found = session.execute(_BY[key.kind], {"ref": key.ref}).scalar_one_or_none()
    if found is None:
        return None
    if key.kind is CaseKind.ABUSE:
        return CaseRows(found, 0, [], [], abuse_case_id=found)
    if key.kind is CaseKind.FORM:
        return CaseRows(found, 0, [], [], arrival_id=found)
    referral_id = found if key.kind is CaseKind.REFERRAL else 0
    asked = {"referral_id": referral_id}
    meetings = list(session.execute(_MEETINGS_OF, asked).scalars()) if referral_id else [found]
    children = set(session.execute(_CHILDREN_OF_REFERRAL, asked).scalars())
    children |= set(session.execute(_CHILDREN_OF_MEETINGS, {"meetings": meetings}).scalars())
    return CaseRows(found, referral_id, meetings, sorted(children))


def facts_of(session: Session, rows: CaseRows) -> CaseFacts:
    """What the rules have to know of a case."""
    if rows.abuse_case_id:
        return _abuse_facts(session, rows.abuse_case_id)
    if rows.arrival_id:
        form = session.get_one(Arrival, rows.arrival_id)
        return CaseFacts(
            form.sent_at or form.started_at, form.filtered is not None, False, False, ()
        )
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
            one.state is MeetingState.SIGNED and one.circulated_at is None and not one.recall_closed
            for one in held
        ),
        corrections=count(_CORRECTIONS),
        actions_open=count(_ACTIONS),
        steps_open=count(_STEPS),
        disagreements_open=count(_DISAGREEMENTS),
        checks_open=count(_CHECKS),
        abuse_cases_open=count(_ABUSE),
    )


def _abuse_facts(session: Session, abuse_case_id: int) -> CaseFacts:
    case = session.get_one(AbuseCase, abuse_case_id)
    births = session.execute(_VICTIMS, {"abuse_case_id": abuse_case_id}).scalars()
    return CaseFacts(
        began_at=case.received_at,
        decided=True,
        discussed=False,
        looked_after=False,
        births=tuple(births),
        abuse_cases_open=int(case.closed_at is None),
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
