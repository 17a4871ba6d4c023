"""A form sent twice acts once: the second sender is taken to the first's result."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.crypto import token_digest
from app.web.models import FormOnce


def done_before(session: Session, nonce: str) -> str | None:
    """Where the first sending of this form led, or None if this is the first."""
    row = session.get(FormOnce, token_digest(nonce))
    return None if row is None else row.location


def mark_done(session: Session, nonce: str, location: str, now: datetime) -> None:
    """Remember, in the transaction of the change itself, that the form was acted on.

    Of two sendings at once the database lets one commit; the other fails on the primary key and
    its change with it.
    """
    session.add(FormOnce(digest=token_digest(nonce), location=location, at=now))
    session.flush()
