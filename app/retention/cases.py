"""What a case is made of, and what of it is still open (H8)."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from app.meetings.after.models import ChildAfter
from app.meetings.discussion.models import Action
from app.meetings.escalation.models import Escalation
from app.meetings.joined.queries import CHILDREN_UNSPOKEN
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import ActionState, MeetingState
from app.records.models import RecordCorrection
from app.records.recall.queries import RECALL_CLOSED
from app.referrals.abuse.models import AbuseCase, AbusePerson
from app.referrals.assessment.queries import UNDER_WAY
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.public.models import Arrival
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
_UNSPOKEN = select(func.count()).select_from(
    CHILDREN_UNSPOKEN.where(ReferralChild.referral_id == bindparam("referral_id")).subquery()
)
_CHECKS = select(func.count(AgencyCheck.id)).where(
    AgencyCheck.referral_id == bindparam("referral_id"),
    AgencyCheck.answered_at.is_(None),
    AgencyCheck.withdrawn_at.is_(None),
)
_ABUSE = select(func.count(AbuseCase.id)).where(
    AbuseCase.referral_id == bindparam("referral_id"), AbuseCase.closed_at.is_(None)
)
_ASSESSMENTS = select(func.count(Referral.id)).where(
    Referral.id == bindparam("referral_id"), UNDER_WAY
)
_VICTIMS = select(AbusePerson.date_of_birth).where(
    AbusePerson.case_id == bindparam("abuse_case_id")
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
        children_unspoken=count(_UNSPOKEN),
        checks_open=count(_CHECKS),
        assessments_open=count(_ASSESSMENTS),
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
