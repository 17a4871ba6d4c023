"""Writing to the referrer and to the school (A10).

The email holds no name of a child: it leads by link and code to the letter, which stays as it was
sent.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.invitations import service as invitations
from app.invitations.link_letters import link_letters
from app.invitations.types import LetterKind
from app.outbox import service as outbox
from app.protocols.registry import active
from app.referrals import queries as referrals
from app.referrals.acting import staff_id, subject_of, taken_first
from app.referrals.consent.rules import sharing_problem
from app.referrals.letters import queries, rules
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterText, LetterTo, Recipient
from app.referrals.models import Referral
from app.referrals.sender import Sender, desk_of

SENT_MEANWHILE = (
    "Somebody else has just sent a letter: see below to whom, then send yours if it is still needed"
)
LINK_LIFE = timedelta(days=14)
# Stands in a preview where the letter's own reference will stand.
PREVIEW = "given when it is sent"


class About(NamedTuple):
    """What a letter is about: a decided referral, or a form that never became one (A12)."""

    subject: Subject
    referral_id: int | None = None
    decision_id: int | None = None
    arrival_id: int | None = None


def compose(
    session: Session, referral: Referral, to: str, added: str, now: datetime, reference: str
) -> tuple[Recipient, LetterText]:
    """The letter to the recipient named `to`, with what was added to it.

    Raises Refused (fields `to`, `added`) where it may not go or says what its reader may not see.
    """
    recipient = rules.one_of(queries.recipients(session, referral), to)
    hidden = _hidden(session, referral, recipient, added) if recipient else None
    rules.check_send(recipient, referral.outcome, added, hidden)
    if recipient is None or referral.outcome is None or referral.decided_at is None:
        raise Refused("to", "Choose who gets the letter")
    settings = directory.council(session)
    if recipient.to is LetterTo.SCHOOL:
        _may_share(session, referral, settings.protocol_id)
    decision, _by, _agency, ground = referrals.decisions(session, referral.id)[0]
    text = rules.letter(
        recipient,
        referral.outcome,
        filtered=ground is not None and ground.filtered is not None,
        received=referral.received_at,
        decided=decision.decided_at,
        authority=settings.authority,
        telephone=settings.desk_telephone,
        out_of_hours=settings.out_of_hours_telephone or "",
        reference=reference,
        added=added,
        now=now,
    )
    return recipient, text


def send(
    session: Session,
    actor: Actor,
    referral: Referral,
    to: str,
    added: str,
    sender: Sender,
    now: datetime,
    newest: str,
) -> ReferralLetter:
    """Send a letter: its link by email, its words kept as they are now. `newest` is the reference
    of the newest letter that its sender saw, empty for none. Raises Refused as above, and where
    somebody else has sent one since: its reader may have got the same."""
    taken_first(session, referral.id)
    session.refresh(referral)
    if queries.newest(session, referral.id) != newest:
        raise Refused("to", SENT_MEANWHILE)
    recipient, text = compose(session, referral, to, added, now, new_reference("LT"))
    about = About(
        subject_of(referral),
        referral_id=referral.id,
        decision_id=referrals.decisions(session, referral.id)[0].decision.id,
    )
    earlier = queries.failed_to(session, referral.id, recipient.to, recipient.child_id)
    outbox.seen_to(session, actor, earlier, now)
    return post(session, actor, about, recipient, text, sender, now)


def post(
    session: Session,
    actor: Actor,
    about: About,
    recipient: Recipient,
    text: LetterText,
    sender: Sender,
    now: datetime,
) -> ReferralLetter:
    """Keep a composed letter and send its link."""
    invitation = invitations.invite(session, recipient.name, recipient.email, False, now)
    invitation.expires_at = now + LINK_LIFE
    kept = ReferralLetter(
        ref=text.reference,
        referral_id=about.referral_id,
        decision_id=about.decision_id,
        arrival_id=about.arrival_id,
        to=recipient.to,
        child_id=recipient.child_id,
        name=recipient.name,
        content=json.dumps(asdict(text)),
        invitation_id=invitation.id,
        sent_by_id=staff_id(actor),
        sent_at=now,
        opened_at=None,
    )
    session.add(kept)
    session.flush()
    link = f"{sender.base_url}/r/{invitations.new_link(session, invitation, now)}"
    desk = desk_of(directory.council(session), sender)
    reader = (recipient.name, recipient.email, link)
    [kept.message_id] = outbox.enqueue_all(
        session, link_letters(LetterKind.OUTCOME, desk, kept.ref, [reader], now), now
    )
    session.flush()
    record(
        session, actor, "letter sent", about.subject, now,
        {"letter": kept.ref, "to": recipient.to.value},
    )  # fmt: skip
    return kept


def opened(
    session: Session, actor: Actor, letter: ReferralLetter, subject: Subject, now: datetime
) -> None:
    """The reader opened the letter: noted once, under what it is about."""
    if letter.opened_at is None:
        letter.opened_at = now
        session.flush()
        record(session, actor, "letter opened", subject, now, {"letter": letter.ref})


def seen_to(session: Session, actor: Actor, referral: Referral, ref: str, now: datetime) -> None:
    """Its reader was told otherwise, after the mail had failed. Raises Refused (field `to`) where
    this referral has no such letter."""
    letter = queries.letter_of(session, referral.id, ref)
    if letter is None or letter.message_id is None:
        raise Refused("to", "This letter is not in the list any more")
    outbox.seen_to(session, actor, [letter.message_id], now)


def _may_share(session: Session, referral: Referral, protocol_id: str) -> None:
    """A school is told something that it may not know: that is sharing (A4)."""
    newest = referrals.consents(session, referral.id)[:1]
    problem = sharing_problem(
        active(protocol_id),
        referral.consent,
        referral.lawful_basis,
        told=bool(newest and newest[0].consent.family_told),
    )
    if problem:
        raise Refused("to", problem)


def _hidden(session: Session, referral: Referral, recipient: Recipient, added: str) -> str | None:
    """What of the added words this reader may not see."""
    children = [row.child for row in referral.children]
    others = [one for one in children if one.id != recipient.child_id]
    names = [adult.name for adult in referral.adults]
    names += [name for one in others for name in (one.given_name, one.family_name)]
    phrases = [one.address for one in children if one.address]
    if recipient.to is LetterTo.REFERRER:
        names += [one.family_name for one in children]
    else:
        names += [referral.referrer_name] if referral.referrer_name else []
        phrases += [one for one in (referral.referrer_email, referral.referrer_telephone) if one]
    own = set(recipient.child_name.casefold().split())
    kept = (" ".join(part for part in name.split() if part.casefold() not in own) for name in names)
    return rules.given_away(added, kept, phrases)
