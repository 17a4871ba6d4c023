"""Reading and checking the audit."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, AuditHead, AuditView
from app.audit.rules import GENESIS, entry_digest, head_seal, views_digest
from app.audit.service import view_row
from app.audit.types import ChainProblem
from app.core.crypto import same
from app.core.installation import audit_key

_ENTRIES = select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=500)
_CHAINED_VIEWS = (
    select(AuditView)
    .where(AuditView.entry_id.is_not(None))
    .order_by(AuditView.entry_id, AuditView.id)
    .execution_options(yield_per=500)
)


def history(session: Session, kind: str, ref: str, most: int = 50) -> list[AuditEntry]:
    """What was done to one subject, newest first."""
    return list(
        session.execute(
            select(AuditEntry)
            .where(AuditEntry.subject_kind == kind, AuditEntry.subject_ref == ref)
            .order_by(AuditEntry.id.desc())
            .limit(most)
        ).scalars()
    )


def verify_chain(session: Session) -> Iterator[ChainProblem]:
    """Every change, cut or gap in the chain, its views and its head (H3). Nothing when whole."""
    expected, previous = 1, GENESIS
    batches: dict[int, tuple[int, str]] = {}
    for entry in session.execute(_ENTRIES).scalars():
        if entry.id != expected:
            yield ChainProblem(expected, f"row {expected} is missing, row {entry.id} follows")
        if entry.previous != previous:
            yield ChainProblem(entry.id, f"row {entry.id} does not follow from the row before it")
        digest = entry_digest(
            entry.previous,
            entry_id=entry.id,
            at=entry.at,
            actor_kind=entry.actor_kind.value,
            actor_id=entry.actor_id,
            actor_label=entry.actor_label,
            action=entry.action,
            subject_kind=entry.subject_kind,
            subject_ref=entry.subject_ref,
            details=entry.details,
        )
        if digest != entry.digest:
            yield ChainProblem(entry.id, f"row {entry.id} was changed after it was written")
        if entry.action == "views chained":
            batches[entry.id] = (entry.details["count"], entry.details["sha256"])
        expected, previous = entry.id + 1, entry.digest
    yield from _verify_head(session, expected - 1, previous)
    yield from _verify_views(session, batches)


def _verify_head(session: Session, last: int, digest: str) -> Iterator[ChainProblem]:
    head = session.get(AuditHead, 1)
    if head is None:
        if last:
            yield ChainProblem(None, "the head of the chain is missing")
        return
    if not same(head.seal, head_seal(audit_key(session), head.entry_id, head.digest)):
        yield ChainProblem(None, "the head of the chain was changed without the audit key")
    if (head.entry_id, head.digest) != (last, digest):
        yield ChainProblem(
            None, f"the chain was cut: its head says row {head.entry_id}, the last row is {last}"
        )


def _verify_views(session: Session, batches: dict[int, tuple[int, str]]) -> Iterator[ChainProblem]:
    found: dict[int, list[tuple[object, ...]]] = {}
    for view in session.execute(_CHAINED_VIEWS).scalars():
        found.setdefault(view.entry_id or 0, []).append(view_row(view))
    for entry_id, (count, digest) in batches.items():
        rows = found.pop(entry_id, [])
        if len(rows) != count or views_digest(rows) != digest:
            yield ChainProblem(entry_id, f"the views bound by row {entry_id} were changed or cut")
    for entry_id in found:
        yield ChainProblem(entry_id, f"views point to row {entry_id}, which did not bind them")
