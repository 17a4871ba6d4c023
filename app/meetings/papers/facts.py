"""What a form is made from, read once: the discussion, its children, and what the referral says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.clock import london_date
from app.directory.models import CouncilSettings
from app.directory.queries import agency, council
from app.meetings.models import Meeting, MeetingChild
from app.meetings.open_case.models import OpenCaseAdult
from app.meetings.open_case.queries import open_case_of
from app.meetings.queries import referral_of, staff_name
from app.referrals.models import Child, Referral, ReferralAdult
from app.referrals.queries import InvolvedProfessional, involved_with
from app.referrals.shown import birth_in_words, concerns_in_words, name_of
from app.referrals.types import DomesticAbuseRisk, Flag

_CHILDREN = (
    select(Child)
    .join(MeetingChild, MeetingChild.child_id == Child.id)
    .where(MeetingChild.meeting_id == bindparam("meeting_id"))
    .order_by(MeetingChild.position)
)
_TELEPHONE = select(Staff.telephone).where(Staff.id == bindparam("staff_id"))


@dataclass(frozen=True, slots=True)
class ChildTold:
    """A child in words; empty where it is not known."""

    id: int
    name: str
    birth: str
    gender: str
    address: str
    language: str
    disability: str
    case_reference: str


@dataclass(frozen=True, slots=True)
class FormFacts:
    meeting: Meeting
    referral: Referral | None
    council: CouncilSettings
    manager: str
    manager_telephone: str
    source_agency: str
    children: tuple[ChildTold, ...]
    involved: tuple[InvolvedProfessional, ...]
    # Of the referral, or of an open case, which has none (A11).
    adults: tuple[ReferralAdult | OpenCaseAdult, ...]
    concerns: tuple[str, ...]
    flags: tuple[str, ...]
    hospital: str
    domestic_abuse: DomesticAbuseRisk | None
    immediate_action_at: datetime | None
    made_at: datetime


def facts_of(session: Session, meeting: Meeting, now: datetime) -> FormFacts:
    """Everything that a form may say about this discussion at the aware moment `now`."""
    children = list(session.execute(_CHILDREN, {"meeting_id": meeting.id}).scalars())
    referral = referral_of(session, meeting)
    said = referral or open_case_of(session, meeting)
    source = agency(session, referral.source_agency_id) if referral else None
    today = london_date(now)
    telephone = session.execute(_TELEPHONE, {"staff_id": meeting.need_decided_by_id})
    return FormFacts(
        meeting=meeting,
        referral=referral,
        council=council(session),
        manager=staff_name(session, meeting.need_decided_by_id),
        manager_telephone=telephone.scalar() or "",
        source_agency=source.name if source else "",
        children=tuple(
            ChildTold(
                id=child.id,
                name=name_of(child),
                birth=birth_in_words(child.date_of_birth, child.due_date, today),
                gender=child.gender or "",
                address=child.address or "",
                language=_language(child),
                disability=child.disability or "",
                case_reference=child.case_reference or "",
            )
            for child in children
        ),
        involved=tuple(involved_with(session, [child.id for child in children])),
        adults=tuple(said.adults) if said else (),
        concerns=tuple(concerns_in_words(said.concerns)) if said else (),
        flags=tuple(flag.label for flag in Flag if said and flag.value in said.flags),
        hospital=(said.hospital or "") if said else "",
        domestic_abuse=said.domestic_abuse if said else None,
        immediate_action_at=said.immediate_action_at if said else None,
        made_at=now,
    )


def _language(child: Child) -> str:
    words = child.first_language or ""
    if child.needs_interpreter:
        words = f"{words}, interpreter needed" if words else "Interpreter needed"
    return words
