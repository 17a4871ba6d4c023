"""What somebody asked or written to does by link and code (A6, A10, D3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.service import viewed
from app.audit.types import Subject
from app.core.refusal import Refused
from app.directory.queries import council_or_none
from app.guests.requests import queries
from app.guests.requests.types import Correspondent
from app.invitations import service as invitations
from app.invitations.types import Desk
from app.outbox import service as outbox
from app.referrals.checks import service as checks
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.letters import service as letters
from app.referrals.letters.models import ReferralLetter
from app.referrals.sender import Sender, desk_of


def request_code(session: Session, token: str, browser: str, sender: Sender, now: datetime) -> None:
    """Send a code to the own address, if the link leads to a request or a letter; else do the same
    work for nobody (D3). The caller answers in the same words in both cases."""
    council = council_or_none(session)
    desk = desk_of(council, sender) if council else Desk("The desk", sender.mail_from, "the desk")
    made = invitations.request_code(session, token, browser, desk, now)
    if made is None:
        return
    # For nobody the same is done, and then undone: how long it takes tells nothing.
    attempt = session.begin_nested()
    ours = queries.is_ours(session, made.invitation_id)
    outbox.enqueue(session, made.letter, now)
    if not ours:
        attempt.rollback()


def look(session: Session, person: Correspondent, now: datetime) -> None:
    """Note that this person is about to be sent their page, and is still there (H3)."""
    page = "request for information" if person.check_id is not None else "letter"
    viewed(session, person.actor, page, Subject("referral", person.referral_ref), now)
    invitations.touch(session, person.guest, now)
    if person.check_id is not None:
        checks.opened(session, person.actor, _check(session, person.check_id), now)
    if person.letter_id is not None:
        letter = session.get_one(ReferralLetter, person.letter_id)
        letters.opened(session, person.actor, letter, Subject("referral", person.referral_ref), now)


def answer(
    session: Session, person: Correspondent, held: Held, words: str, seen: int, now: datetime
) -> None:
    """Keep what the agency holds, or that it holds nothing (A6).

    `seen` is the number of the newest answer on the page, 0 for none. Raises Refused (field
    `words`) for an empty answer and once the request was withdrawn, ChangedMeanwhile where a
    colleague has answered since.
    """
    if person.check_id is None:
        raise Refused("words", "There is nothing to answer here")
    guest = person.guest
    given = AnswerGiven(
        held,
        words,
        guest.person_name or guest.invitation_name,
        guest.person_role or "",
        AnswerVia.LINK,
    )
    checks.answer(session, person.actor, _check(session, person.check_id), given, now, seen)


def _check(session: Session, check_id: int) -> AgencyCheck:
    """The request as it stands now, locked until the change is made."""
    found = (
        select(AgencyCheck)
        .where(AgencyCheck.id == check_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.execute(found).scalar_one()
