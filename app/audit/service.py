"""Writing the audit, in the transaction of the change it tells of (H3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, AuditHead, AuditView
from app.audit.rules import GENESIS, VIEWS_CHAINED, entry_digest, head_seal, views_digest
from app.audit.types import SYSTEM, Actor, Subject
from app.core.database import table
from app.core.installation import audit_key
from app.core.models import Installation

_NOTED = "views noted"
_VIEW = insert(table(AuditView))
_ENTRY, _FIRST = insert(table(AuditEntry)), insert(table(AuditHead))
_LINK = table(AuditHead)
# With the key that seals the next one.
_HEAD = (
    select(_LINK.c.entry_id, _LINK.c.digest, table(Installation).c.audit_key)
    .join(table(Installation), table(Installation).c.id == _LINK.c.id)
    .where(_LINK.c.id == 1)
    .with_for_update(of=_LINK)
)
_MOVE = update(_LINK).where(_LINK.c.id == 1)
_UNCHAINED = (
    select(AuditView)
    .where(AuditView.entry_id.is_(None))
    .order_by(AuditView.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Subject,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Append one row and move the head. Returns the row's number.

    The head is locked until the transaction ends, so rows stand in the order of their commits.
    `details` are written in the clear and for ever: field names, states and reasons, never a
    protected field.
    """
    session.flush()
    head = session.execute(_HEAD).one_or_none()
    if head is None:
        number, previous, key = 1, GENESIS, audit_key(session)
    else:
        number, previous, key = head.entry_id + 1, head.digest, bytes.fromhex(head.audit_key)
    content: dict[str, Any] = {
        "at": now,
        "actor_id": actor.id,
        "actor_label": actor.label,
        "action": action,
        "subject_kind": subject.kind,
        "subject_ref": subject.ref,
        "details": dict(details or {}),
    }
    digest = entry_digest(previous, entry_id=number, actor_kind=actor.kind.value, **content)
    session.execute(
        _ENTRY,
        content | {"id": number, "actor_kind": actor.kind, "previous": previous, "digest": digest},
    )
    link = {"entry_id": number, "digest": digest, "seal": head_seal(key, number, digest)}
    if head is None:
        session.execute(_FIRST, {"id": 1} | link)
    else:
        session.execute(_MOVE, link)
    return number


def viewed(session: Session, actor: Actor, page: str, subject: Subject, now: datetime) -> None:
    """Note that a page of a case is about to be sent. Commit before sending it."""
    viewed_together(session, actor, page, [subject], now)


def viewed_together(
    session: Session, actor: Actor, page: str, subjects: Iterable[Subject], now: datetime
) -> None:
    """The same of a list that shows words of several cases: a row for each, in one statement."""
    seen = list(dict.fromkeys(subjects))
    rows = [
        {
            "at": now,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_label": actor.label,
            "page": page,
            "subject_kind": subject.kind,
            "subject_ref": subject.ref,
        }
        for subject in seen
    ]
    if rows:
        session.execute(_VIEW, rows)
    session.info.setdefault(_NOTED, set()).update(seen)


def noted_here(session: Session, subject: Subject) -> bool:
    """Whether a view of this was noted with this very session, which lasts for one request."""
    return subject in session.info.get(_NOTED, ())


def chain_views(session: Session, now: datetime, most: int = 500) -> int:
    """Bind the views noted so far into the chain. Returns how many were bound."""
    views = list(session.execute(_UNCHAINED.limit(most)).scalars())
    if not views:
        return 0
    number = record(
        session,
        SYSTEM,
        VIEWS_CHAINED,
        Subject("audit", "views"),
        now,
        {"count": len(views), "sha256": views_digest(view_row(view) for view in views)},
    )
    session.execute(
        update(AuditView)
        .where(AuditView.id.in_([view.id for view in views]))
        .values(entry_id=number)
        .execution_options(synchronize_session=False)
    )
    return len(views)


def view_row(view: AuditView) -> tuple[Any, ...]:
    """A view as it is hashed."""
    return (
        view.id,
        view.at,
        view.actor_kind.value,
        view.actor_id,
        view.actor_label,
        view.page,
        view.subject_kind,
        view.subject_ref,
    )
