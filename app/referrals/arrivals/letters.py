"""Writing to the sender of a form that was closed as no referral (A10, A12)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.types import Actor, Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.referrals.letters import rules, service
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterText, LetterTo, Recipient
from app.referrals.outcome.rules import FILTERED_AS
from app.referrals.public.models import Arrival
from app.referrals.public.types import Told
from app.referrals.sender import Sender


def recipient_of(held: Arrival) -> Recipient:
    """The sender, at the address given in the form."""
    you = Told.from_text(held.answers).you
    return Recipient(
        key="referrer",
        to=LetterTo.REFERRER,
        name=you.name,
        email=you.email,
        agency=you.organisation,
        professional=True,
    )


def compose(
    session: Session, held: Arrival, added: str, now: datetime, reference: str
) -> tuple[Recipient, LetterText]:
    """The letter that it is not dealt with as a referral, with what was added to it.

    Raises Refused (field `added`) where it is not closed or the letter would name somebody.
    """
    if held.filtered is None or held.settled_at is None or held.sent_at is None:
        raise Refused("added", "Close it first: the letter says that it is no referral")
    recipient, told = recipient_of(held), Told.from_text(held.answers)
    names = [f"{one.given_name} {one.family_name}" for one in told.children]
    names += [one.name for one in told.adults]
    hidden = rules.given_away(added, names, [one.address for one in told.children])
    rules.check_send(recipient, FILTERED_AS, added, hidden)
    settings = directory.council(session)
    text = rules.letter(
        recipient,
        FILTERED_AS,
        filtered=True,
        received=held.sent_at,
        decided=held.settled_at,
        authority=settings.authority,
        telephone=settings.desk_telephone,
        out_of_hours=settings.out_of_hours_telephone or "",
        reference=reference,
        added=added,
        now=now,
    )
    return recipient, text


def send(
    session: Session, actor: Actor, held: Arrival, added: str, sender: Sender, now: datetime
) -> ReferralLetter:
    """Send it: its link by email, its words kept as they are now. Raises Refused as above."""
    recipient, text = compose(session, held, added, now, new_reference("LT"))
    about = service.About(Subject("referral", held.ref), arrival_id=held.id)
    kept = service.post(session, actor, about, recipient, text, sender, now)
    # So that its failing stands on the first page, as that of the receipt did.
    held.message_id = kept.message_id
    session.flush()
    return kept
