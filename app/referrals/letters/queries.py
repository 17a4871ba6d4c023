"""Letters that were sent, and who may be written to (A10)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.directory import queries as directory
from app.directory.types import AgencyKind
from app.referrals import queries as referrals
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterText, LetterTo, Recipient
from app.referrals.models import Referral

_SENT = (
    select(ReferralLetter, Staff.name)
    .join(Staff, Staff.id == ReferralLetter.sent_by_id)
    .where(ReferralLetter.referral_id == bindparam("referral"))
    .order_by(ReferralLetter.id.desc())
)


class Sent(NamedTuple):
    letter: ReferralLetter
    by: str


def letters(session: Session, referral_id: int) -> list[Sent]:
    """Letters about a referral, the newest first."""
    return [Sent(*row) for row in session.execute(_SENT, {"referral": referral_id})]


def letter_text(session: Session, letter_id: int) -> LetterText:
    """A letter as it was sent."""
    held = json.loads(session.get_one(ReferralLetter, letter_id).content)
    return LetterText(**(held | {"paragraphs": tuple(held["paragraphs"])}))


def sent_at(session: Session, letter_id: int) -> datetime:
    """When a letter was sent, in UTC."""
    return session.get_one(ReferralLetter, letter_id).sent_at


def recipients(session: Session, referral: Referral) -> list[Recipient]:
    """The referrer, where an address is known, and each child's school (A10)."""
    found = []
    agency = directory.agency(session, referral.source_agency_id)
    person = (
        directory.professional(session, referral.referrer_professional_id)
        if referral.referrer_professional_id
        else None
    )
    email = (person.email if person else "") or referral.referrer_email or ""
    if email:
        found.append(
            Recipient(
                key="referrer",
                to=LetterTo.REFERRER,
                name=person.name if person else referral.referrer_name or "Referrer",
                email=email,
                agency=agency.name if agency else "",
                professional=agency is not None and agency.kind is not AgencyKind.OTHER,
            )
        )
    children = {row.child_id: row.child for row in referral.children}
    for one in referrals.involved_with(session, list(children)):
        teacher = one.professional
        if teacher.agency.kind is AgencyKind.EDUCATION and teacher.email:
            child = children[one.child_id]
            found.append(
                Recipient(
                    key=f"school-{child.ref}-{teacher.id}",
                    to=LetterTo.SCHOOL,
                    name=teacher.name,
                    email=teacher.email,
                    agency=teacher.agency.name,
                    professional=True,
                    child_id=child.id,
                    child_name=f"{child.given_name} {child.family_name}".strip(),
                )
            )
    return found
