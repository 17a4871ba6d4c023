"""What somebody asked or written to may read: each select starts from the one link behind the
session (A6, A10, D3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.directory.models import Agency
from app.guests.requests.types import AnswerSeen, Correspondent, RequestSeen
from app.guests.types import ChildSeen
from app.invitations.queries import guest_by_session
from app.referrals.checks.models import AgencyCheck, AgencyCheckChild, CheckAnswer
from app.referrals.checks.rules import wanted_at_once
from app.referrals.letters.models import ReferralLetter
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.public.models import Arrival
from app.referrals.shown import concerns_in_words

_CHECK = (
    select(AgencyCheck.id, Referral.ref, Agency.name)
    .join(Referral, Referral.id == AgencyCheck.referral_id)
    .join(Agency, Agency.id == AgencyCheck.agency_id)
)
_LETTER = (
    select(ReferralLetter.id, func.coalesce(Referral.ref, Arrival.ref).label("ref"))
    .outerjoin(Referral, Referral.id == ReferralLetter.referral_id)
    .outerjoin(Arrival, Arrival.id == ReferralLetter.arrival_id)
)
_REQUEST = select(AgencyCheck)
# About whom it was asked, never who came to the referral since; who was taken off it is gone.
_CHILDREN = (
    select(Child.given_name, Child.family_name, Child.date_of_birth, Child.due_date)
    .join(AgencyCheckChild, AgencyCheckChild.child_id == Child.id)
    .join(AgencyCheck, AgencyCheck.id == AgencyCheckChild.check_id)
    .join(
        ReferralChild,
        (ReferralChild.child_id == Child.id)
        & (ReferralChild.referral_id == AgencyCheck.referral_id),
    )
    .order_by(ReferralChild.position)
)
_ANSWERS = select(CheckAnswer).order_by(CheckAnswer.id.desc())


def correspondent_by_session(session: Session, token: str, now: datetime) -> Correspondent | None:
    """Who is behind a session cookie; None once the session or the link has ended (D3)."""
    guest = guest_by_session(session, token, now)
    if guest is None:
        return None
    check = session.execute(
        _CHECK.where(AgencyCheck.invitation_id == guest.invitation_id)
    ).one_or_none()
    if check is not None:
        return Correspondent(guest, check.ref, check.id, None, check.name)
    letter = session.execute(
        _LETTER.where(ReferralLetter.invitation_id == guest.invitation_id)
    ).one_or_none()
    return Correspondent(guest, letter.ref, None, letter.id, "") if letter is not None else None


def is_ours(session: Session, invitation_id: int | None) -> bool:
    """Whether an invitation leads to a request or a letter, and not to something else."""
    check = select(AgencyCheck.id).where(AgencyCheck.invitation_id == invitation_id)
    letter = select(ReferralLetter.id).where(ReferralLetter.invitation_id == invitation_id)
    found = session.execute(check.union_all(letter).limit(1)).scalar_one_or_none()
    return invitation_id is not None and found is not None


def request_for(session: Session, check_id: int, now: datetime) -> RequestSeen:
    """One request with the agency's own answers, as it stands at `now`.

    Once it is answered the page needs to say no more than whom it was about: no dates of birth,
    adults, address or concerns. Once it is withdrawn it says nothing of the case.
    """
    check = session.execute(_REQUEST.where(AgencyCheck.id == check_id)).scalar_one()
    if check.withdrawn_at is not None:
        return RequestSeen(ref=check.ref, withdrawn=True, due_at=check.due_at)
    children = session.execute(_CHILDREN.where(AgencyCheck.id == check_id))
    answers = session.execute(_ANSWERS.where(CheckAnswer.check_id == check_id)).scalars().all()
    wanted = check.answered_at is None
    return RequestSeen(
        ref=check.ref,
        children=tuple(
            ChildSeen(
                f"{given} {family}".strip(), born if wanted else None, due if wanted else None
            )
            for given, family, born, due in children
        ),
        adults=tuple((check.shared_adults or "").splitlines()) if wanted else (),
        address=check.shared_address or "" if wanted else "",
        concerns=tuple(concerns_in_words(check.concerns)) if wanted else (),
        question=check.question,
        due_at=check.due_at,
        at_once=wanted_at_once(now, check.due_at),
        still_wanted=wanted and check.wanted_because is not None,
        answers=tuple(AnswerSeen(one.held.label, one.words or "", one.at) for one in answers),
        newest=answers[0].id if answers else 0,
    )
