"""Reading the audit a page at a time, by person, case, kind and day (H3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry, AuditView
from app.audit.types import ActorKind
from app.core.database import UTCDateTime

PAGE = 100
_SIZE = bindparam("size", type_=Integer())
_CHANGES = (
    select(
        AuditEntry.id, AuditEntry.at, AuditEntry.actor_kind, AuditEntry.actor_label,
        AuditEntry.action, AuditEntry.subject_kind, AuditEntry.subject_ref, AuditEntry.details,
    )
    .order_by(AuditEntry.id.desc())
    .limit(_SIZE)
)  # fmt: skip
_VIEWS = (
    select(
        AuditView.id, AuditView.at, AuditView.actor_kind, AuditView.actor_label,
        AuditView.page, AuditView.subject_kind, AuditView.subject_ref,
    )
    .order_by(AuditView.id.desc())
    .limit(_SIZE)
)  # fmt: skip

# A day's first and last row, from its index alone: rows are read by number, whatever else is asked.
# Plus nought, or PostgreSQL would look for the first number of all that lies in the day.
_SPANS = {
    of: select(func.coalesce(func.min(of.id + 0), 0), func.coalesce(func.max(of.id + 0), 0)).where(
        of.at >= bindparam("since", type_=UTCDateTime()),
        of.at < bindparam("until", type_=UTCDateTime()),
    )
    for of in (AuditEntry, AuditView)
}


class Wanted(NamedTuple):
    """Which rows. `subject` is a reference, `kind` what it is a reference of; `since` and `until`,
    aware, are given both or not at all."""

    staff_id: int | None = None
    subject: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Row(NamedTuple):
    """One row, of a change or of a view; `details` is empty for a view."""

    id: int
    at: datetime
    actor_kind: ActorKind
    actor: str
    what: str
    subject_kind: str
    subject: str
    details: dict[str, Any]


class Rows(NamedTuple):
    rows: list[Row]
    before: int | None
    """The last row shown, when older ones follow."""


def changes(session: Session, wanted: Wanted, before: int | None = None) -> Rows:
    """Changes, the newest first: by an index for each wish, and for each within one day."""
    return _cut([Row._make(row) for row in _found(session, _CHANGES, AuditEntry, wanted, before)])


def views(session: Session, wanted: Wanted, before: int | None = None) -> Rows:
    """Pages of cases that were sent to somebody, the newest first, as `changes`."""
    rows = _found(session, _VIEWS, AuditView, wanted, before)
    return _cut([Row._make((*row, {})) for row in rows])


def _found(
    session: Session, statement: Select[*tuple[Any, ...]], of: type[AuditEntry] | type[AuditView],
    wanted: Wanted, before: int | None,
) -> Iterable[Any]:  # fmt: skip
    wishes = _wishes(of, wanted, before)
    if wanted.since is not None:
        span = {"since": wanted.since, "until": wanted.until}
        first, last = session.execute(_SPANS[of], span).one()
        wishes.append(of.id.between(first, last))
    return session.execute(statement.where(*wishes), {"size": PAGE + 1})


def _wishes(
    of: type[AuditEntry] | type[AuditView], wanted: Wanted, before: int | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.staff_id is not None:
        found += [of.actor_id == wanted.staff_id, of.actor_kind == ActorKind.STAFF]
    if wanted.subject:
        found.append(of.subject_ref == wanted.subject)
    if wanted.kind:
        found.append(of.subject_kind == wanted.kind)
    if wanted.since is not None and wanted.until is not None:
        # Where a clock was put back, the rows of two days stand mixed.
        found += [of.at >= wanted.since, of.at < wanted.until]
    if before is not None:
        found.append(of.id < before)
    return found


def _cut(rows: list[Row]) -> Rows:
    return Rows(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)
