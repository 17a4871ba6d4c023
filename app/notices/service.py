"""Letters to members of staff about their own account: queued with what they tell of (H1, H4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.queries import Reachable
from app.accounts.telling import AccountEvent, Tell
from app.core.clock import words_for_moment
from app.directory.queries import council_or_none
from app.invitations.link_letters import notice_letters
from app.invitations.types import Desk, Notice
from app.outbox import service as outbox


def desk_of(session: Session, mail_from: str) -> Desk:
    """Who sends; before the council has given its names, nothing but the mailbox."""
    council = council_or_none(session)
    if council is None:
        return Desk(name="", email=mail_from, telephone="")
    return Desk(council.desk_name, mail_from, council.desk_telephone)


def account_letters(mail_from: str, base_url: str) -> Tell:
    """Who tells people what happened to their account, from this mailbox."""

    def tell(
        session: Session,
        event: AccountEvent,
        people: Sequence[Reachable],
        now: datetime,
        about: str = "",
    ) -> None:
        letters = notice_letters(
            Notice(event.value),
            desk_of(session, mail_from),
            about,
            words_for_moment(now),
            f"{base_url}/" if about else f"{base_url}/account",
            [(one.name, one.email) for one in people],
            now,
        )
        outbox.enqueue_all(session, letters, now)

    return tell
