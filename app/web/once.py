"""A form sent twice acts once: the second sender is taken to the first's result."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from app.core.crypto import token_digest
from app.core.database import table
from app.web.models import FormOnce

_ONCE = table(FormOnce)
_LOCATION = select(_ONCE.c.location).where(_ONCE.c.digest == bindparam("digest"))
_DONE = insert(_ONCE)


def done_before(session: Session, nonce: str) -> str | None:
    """Where the first sending of this form led, or None if this is the first."""
    asked = {"digest": token_digest(nonce)}
    return session.execute(_LOCATION, asked).scalar_one_or_none()


def mark_done(session: Session, nonce: str, location: str, now: datetime) -> None:
    """Remember, in the transaction of the change itself, that the form was acted on.

    Of two sendings at once the database lets one commit; the other fails on the primary key and
    its change with it.
    """
    session.flush()
    session.execute(_DONE, {"digest": token_digest(nonce), "location": location, "at": now})
