"""Letters that were sent, and who may be written to (A10)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.directory import queries as directory
from app.directory.types import AgencyKind
from app.outbox.models import OutboxMessage
from app.outbox.types import FAILED
from app.referrals import queries as referrals
from app.referrals.employers import employers_of, in_words, judge
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterText, LetterTo, Recipient
from app.referrals.models import Referral

_is_failed = OutboxMessage.state.in_(FAILED) & OutboxMessage.seen_at.is_(None)
_LETTERS = (
    select(
        ReferralLetter,
        Staff.name,
        case((_is_failed, func.coalesce(OutboxMessage.problem, "")), else_=None),
    )
    .join(Staff, Staff.id == ReferralLetter.sent_by_id)
    .outerjoin(OutboxMessage, OutboxMessage.id == ReferralLetter.message_id)
    .order_by(ReferralLetter.id.desc())
)
_SENT = _LETTERS.where(ReferralLetter.referral_id == bindparam("referral"))
_SENT_ON_FORM = _LETTERS.where(ReferralLetter.arrival_id == bindparam("arrival"))
_FAILED_TO = (
    select(ReferralLetter.message_id)
    .join(OutboxMessage, OutboxMessage.id == ReferralLetter.message_id)
    .where(
        ReferralLetter.referral_id == bindparam("referral"),
        ReferralLetter.to == bindparam("to", type_=ReferralLetter.__table__.c.letter_to.type),
        func.coalesce(ReferralLetter.child_id, 0) == bindparam("child", type_=Integer()),
        _is_failed,
    )
)
_NEWEST = (
    select(ReferralLetter.ref)
    .where(ReferralLetter.referral_id == bindparam("referral"))
    .order_by(ReferralLetter.id.desc())
    .limit(1)
)
_ONE = select(ReferralLetter).where(
    ReferralLetter.referral_id == bindparam("referral"), ReferralLetter.ref == bindparam("ref")
)


class Sent(NamedTuple):
    """`problem` is what the mail server said where the letter did not arrive and nobody has seen
    to it; None where it is well."""

    letter: ReferralLetter
    by: str
    problem: str | None


def failed_to(session: Session, referral_id: int, to: LetterTo, child_id: int | None) -> list[int]:
    """The numbers of the mails of earlier letters to the same reader that did not arrive."""
    values = {"referral": referral_id, "to": to, "child": child_id or 0}
    return [one for one in session.execute(_FAILED_TO, values).scalars() if one is not None]


def letter_of(session: Session, referral_id: int, ref: str) -> ReferralLetter | None:
    """One letter about this referral by its reference, whatever the case of its letters."""
    values = {"referral": referral_id, "ref": ref.strip().upper()}
    return session.execute(_ONE, values).scalar_one_or_none()


def newest(session: Session, referral_id: int) -> str:
    """The reference of the newest letter about a referral; empty where there is none."""
    return session.execute(_NEWEST, {"referral": referral_id}).scalar_one_or_none() or ""


def letters(session: Session, referral_id: int) -> list[Sent]:
    """Letters about a referral, the newest first."""
    return [Sent(*row) for row in session.execute(_SENT, {"referral": referral_id})]


def letters_on_form(session: Session, arrival_id: int) -> list[Sent]:
    """Letters about a form that was closed as no referral, the newest first."""
    return [Sent(*row) for row in session.execute(_SENT_ON_FORM, {"arrival": arrival_id})]


def letter_text(session: Session, letter_id: int) -> LetterText:
    """A letter as it was sent."""
    held = json.loads(session.get_one(ReferralLetter, letter_id).content)
    return LetterText(**(held | {"paragraphs": tuple(held["paragraphs"])}))


def sent_at(session: Session, letter_id: int) -> datetime:
    """When a letter was sent, in UTC."""
    return session.get_one(ReferralLetter, letter_id).sent_at


def recipients(session: Session, referral: Referral) -> list[Recipient]:
    """The referrer, where an address is known, and each child's school (A10), but for a school at
    which somebody works who is alleged to have harmed a child. Whoever may work with them, and a
    referrer who does, is marked: they are told only by somebody who knows it."""
    employers = employers_of(referral.adults)
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
                caution=in_words(judge(employers, agency.id, agency.name)) if agency else "",
            )
        )
    children = {row.child_id: row.child for row in referral.children}
    for one in referrals.involved_with(session, list(children)):
        teacher = one.professional
        theirs = judge(employers, teacher.agency_id, teacher.agency.name)
        if theirs.sure:
            continue
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
                    caution=in_words(theirs),
                )
            )
    return found
