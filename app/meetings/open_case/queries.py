"""Looking up what an open case is about."""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app.directory.models import Agency
from app.meetings.models import Meeting
from app.meetings.open_case.models import OpenCase, OpenCaseAdult
from app.meetings.open_case.types import About
from app.referrals.employers import Employers
from app.referrals.models import ReferralAdult
from app.referrals.types import AdultGiven, Concern, Flag

_OF_MEETING = select(OpenCase).where(OpenCase.meeting_id == bindparam("meeting_id"))

# Where they work who are alleged to have harmed a child: the agency is none where it was typed.
_IN_REFERRAL = (
    select(Agency.id, Agency.name, ReferralAdult.employer_typed)
    .select_from(ReferralAdult)
    .outerjoin(Agency, Agency.id == ReferralAdult.employer_id)
    .where(
        ReferralAdult.referral_id == bindparam("of"), ReferralAdult.alleged_perpetrator.is_(True)
    )
)
_IN_OPEN_CASE = (
    select(Agency.id, Agency.name, OpenCaseAdult.employer_typed)
    .select_from(OpenCaseAdult)
    .outerjoin(Agency, Agency.id == OpenCaseAdult.employer_id)
    .where(
        OpenCaseAdult.open_case_id == bindparam("of"), OpenCaseAdult.alleged_perpetrator.is_(True)
    )
)


def open_case_of(session: Session, meeting: Meeting) -> OpenCase | None:
    """What a discussion without a referral is about; None where nobody said so yet."""
    if meeting.referral_id is not None:
        return None
    return session.execute(_OF_MEETING, {"meeting_id": meeting.id}).scalar_one_or_none()


def about_of(kept: OpenCase) -> About:
    """What was kept, as it was typed."""
    return About(
        concerns=tuple(one for one in Concern if one.value in kept.concerns),
        flags=frozenset(Flag(one) for one in kept.flags),
        domestic_abuse=kept.domestic_abuse,
        immediate_action_at=kept.immediate_action_at,
        hospital=kept.hospital or "",
        adults=tuple(_given(one) for one in kept.adults),
    )


def perpetrators_employers(session: Session, meeting: Meeting) -> Employers:
    """Where an alleged perpetrator of this discussion's case works (C2): a warning stands beside
    such an agency."""
    if meeting.referral_id is not None:
        return employers_in_referral(session, meeting.referral_id)
    about = open_case_of(session, meeting)
    return Employers() if about is None else employers_in_open_case(session, about.id)


def employers_in_referral(session: Session, referral_id: int) -> Employers:
    return _employers(session, _IN_REFERRAL, referral_id)


def employers_in_open_case(session: Session, open_case_id: int) -> Employers:
    return _employers(session, _IN_OPEN_CASE, open_case_id)


def _employers(session: Session, statement: Select[int, str, str | None], of: int) -> Employers:
    rows = session.execute(statement, {"of": of}).all()
    return Employers(
        # The join finds no agency for an employer that was typed.
        agencies=frozenset(number for number, _name, _typed in rows if number),
        names=frozenset(name for _number, name, _typed in rows if name),
        typed=frozenset(typed for _number, _name, typed in rows if typed),
    )


def _given(one: OpenCaseAdult) -> AdultGiven:
    return AdultGiven(
        name=one.name,
        relationship_to_child=one.relationship_to_child,
        parental_responsibility=one.parental_responsibility,
        in_household=one.in_household,
        alleged_perpetrator=one.alleged_perpetrator,
        under_18=one.under_18,
        employer_id=one.employer_id,
        employer_typed=one.employer_typed,
    )
