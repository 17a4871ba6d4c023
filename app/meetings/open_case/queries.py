"""Looking up what an open case is about."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.meetings.models import Meeting
from app.meetings.open_case.models import OpenCase, OpenCaseAdult
from app.referrals.models import ReferralAdult

_OF_MEETING = select(OpenCase).where(OpenCase.meeting_id == bindparam("meeting_id"))

_SUSPECTS_OF_REFERRAL = select(ReferralAdult.employer_id).where(
    ReferralAdult.referral_id == bindparam("of"),
    ReferralAdult.alleged_perpetrator.is_(True),
    ReferralAdult.employer_id.is_not(None),
)
_SUSPECTS_OF_OPEN_CASE = (
    select(OpenCaseAdult.employer_id)
    .join(OpenCase, OpenCase.id == OpenCaseAdult.open_case_id)
    .where(
        OpenCase.meeting_id == bindparam("of"),
        OpenCaseAdult.alleged_perpetrator.is_(True),
        OpenCaseAdult.employer_id.is_not(None),
    )
)


def open_case_of(session: Session, meeting: Meeting) -> OpenCase | None:
    """What a discussion without a referral is about; None where nobody said so yet."""
    if meeting.referral_id is not None:
        return None
    return session.execute(_OF_MEETING, {"meeting_id": meeting.id}).scalar_one_or_none()


def perpetrators_agencies(session: Session, meeting: Meeting) -> frozenset[int]:
    """The agencies where an alleged perpetrator works (C2): a warning stands beside them."""
    statement, of = (
        (_SUSPECTS_OF_REFERRAL, meeting.referral_id)
        if meeting.referral_id is not None
        else (_SUSPECTS_OF_OPEN_CASE, meeting.id)
    )
    found = session.execute(statement, {"of": of}).scalars()
    return frozenset(one for one in found if one is not None)
