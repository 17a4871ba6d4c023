"""Asking, and forgetting what was asked (G5, H3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.rules import LONGEST_SESSION
from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.crypto import keyed_digest
from app.core.installation import audit_key
from app.referrals import names
from app.reports.search.models import SearchAsked
from app.reports.search.types import Asked, Looked

KEPT: timedelta = LONGEST_SESSION
MOST_OF_ONE = 20
_ENOUGH = 20


def ask(session: Session, actor: Actor, staff_id: int, wanted: Asked, now: datetime) -> int:
    """Keep a question for whoever asked it; its number.

    The audit says who searched, when, by what kind of thing, and a keyed digest of each name and
    day: whoever asks later whether a certain child was searched for can be answered, and nobody
    who reads the audit learns a name from it.
    """
    row = SearchAsked(staff_id=staff_id, text=wanted.text, asked_at=now)
    session.add(row)
    session.flush()
    beyond = (
        select(SearchAsked.id)
        .where(SearchAsked.staff_id == staff_id)
        .order_by(SearchAsked.id.desc())
        .offset(MOST_OF_ONE)
    )
    old = list(session.execute(beyond).scalars())
    if old:
        session.execute(delete(SearchAsked).where(SearchAsked.id.in_(old)))
    record(
        session,
        actor,
        "searched",
        Subject("search", str(row.id)),
        now,
        {"for": [kind.value for kind in wanted.looked_for], "digests": _digests(session, wanted)},
    )
    return row.id


def _digests(session: Session, wanted: Asked) -> dict[str, str]:
    """One of ours is no secret and stands as it is; of the rest, what only the key can compare."""
    secret = audit_key(session)
    said = {
        Looked.CASE_REFERENCE: wanted.case_reference.upper(),
        Looked.NAME: " ".join(sorted(names.plain(" ".join(wanted.words)).split())),
        Looked.DAY: wanted.day.isoformat() if wanted.day else "",
    }
    found = {
        kind.value: keyed_digest(secret, "searched", kind.value, value)[:_ENOUGH]
        for kind, value in said.items()
        if value
    }
    return found | ({Looked.REFERENCE.value: wanted.reference} if wanted.reference else {})


def forget(session: Session, now: datetime) -> int:
    """Delete the questions whose time is over; returns how many. That they were asked stays in the
    audit."""
    gone = session.execute(
        delete(SearchAsked)
        .where(SearchAsked.asked_at < now - KEPT)
        .returning(SearchAsked.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
