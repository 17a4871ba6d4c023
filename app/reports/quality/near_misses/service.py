"""Reporting a near miss and reviewing it (G6; HO2014 Northamptonshire)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Actor, Subject
from app.core.clock import london_date
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.protocols.types import RetentionRule
from app.reports.quality.near_misses import queries
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.types import NearMissKind
from app.retention.cases import CaseRows
from app.retention.rules import kept_from


class Told(NamedTuple):
    """A near miss as typed; `changed` and `case_ref` may be empty."""

    kind: NearMissKind
    happened_on: date
    what: str
    stopped: str
    changed: str = ""
    case_ref: str = ""


def report(session: Session, actor: Actor, staff_id: int, told: Told, now: datetime) -> NearMiss:
    """Keep what nearly went wrong. Raises Refused by the field."""
    if told.happened_on > london_date(now):
        raise Refused("happened_on", "Give the day on which it happened: today or earlier")
    case_ref = told.case_ref.strip().upper()
    if case_ref and not queries.is_a_case(session, case_ref):
        raise Refused("case_ref", "No case has this reference: check it, or leave the field empty")
    row = NearMiss(
        ref=new_reference("NM"),
        kind=told.kind,
        happened_on=told.happened_on,
        what=told.what,
        stopped=told.stopped,
        changed=told.changed or None,
        case_ref=case_ref or None,
        reported_by_id=staff_id,
        reported_at=now,
    )
    session.add(row)
    session.flush()
    record(
        session, actor, "near miss reported", Subject("near miss", row.ref), now,
        {"kind": row.kind.value},
    )  # fmt: skip
    return row


def review(
    session: Session, actor: Actor, staff_id: int, row: NearMiss, said: str, changed: str,
    now: datetime,
) -> None:  # fmt: skip
    """Close a near miss with what was found and what was changed because of it.

    Raises Refused for one that was reviewed, one's own, and without words.
    """
    if row.reviewed_at is not None:
        raise Refused("review", "Somebody reviewed this meanwhile: read what they wrote")
    if row.erased_at is not None:
        raise Refused(
            "review", "What was written here has been deleted: there is nothing to review"
        )
    if row.reported_by_id == staff_id:
        raise Refused("review", "Somebody else reviews what you reported")
    if not said:
        raise Refused("review", "Say what was found, and what follows from it")
    row.review, row.reviewed_by_id, row.reviewed_at = said, staff_id, now
    row.changed = changed or row.changed
    session.flush()
    record(session, actor, "near miss reviewed", Subject("near miss", row.ref), now)


def forget(session: Session, rows: CaseRows, now: datetime) -> None:
    """Delete what was written of a case that is about to be deleted, in its transaction (H8).

    That there was one, of which kind and when, stays for the report to the board.
    """
    _forget(session, NearMiss.case_ref.in_(queries.refs_of(session, rows)), now)


def forget_old(session: Session, kept: Sequence[RetentionRule], now: datetime) -> int:
    """Delete what was written of no case, as long after it was reported as a case is kept at
    least, and what is left of a deleted case: one that was deleted before the log went with its
    case, or while somebody was reporting. Returns how many."""
    old = NearMiss.case_ref.is_(None) & (NearMiss.reported_at < kept_from(kept, now))
    gone = _forget(session, old | NearMiss.case_ref.in_(queries.outlived(session)), now)
    if gone:
        record(session, SYSTEM, "near misses emptied", Subject("near miss", "log"), now,
               {"count": gone})  # fmt: skip
    return gone


def _forget(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    held = update(NearMiss).where(which, NearMiss.erased_at.is_(None))
    session.execute(held.where(NearMiss.reviewed_at.is_not(None)).values(review=""))
    result = session.execute(held.values(what="", stopped="", changed=None, erased_at=now))
    return cast(CursorResult[Any], result).rowcount
