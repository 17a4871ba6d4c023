"""Closing a case, holding it, reviewing it, deleting it (F8, H8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Actor, Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings.models import Meeting
from app.protocols.registry import active
from app.referrals.models import Referral
from app.retention import queries, rules
from app.retention.erasing import erase
from app.retention.models import ClosedCase
from app.retention.queries import CaseRows
from app.retention.types import CaseKey, Stage


def close(session: Session, actor: Actor, key: CaseKey, now: datetime) -> ClosedCase:
    """Close a case in which nothing is open, and put it into the archive (F8).

    Until when it is kept follows from the protocol that is active now, and stays as it is. Raises
    Refused (field `page`) while something is open, or where it is closed already.
    """
    rows = _rows(session, key)
    if queries.closed_case(session, key, rows.id) is not None:
        raise Refused("page", "The case is closed already")
    facts = queries.facts_of(session, rows)
    rules.check_closable(facts)
    kept = rules.keep_until(active(council(session).protocol_id).retention, facts, now)
    case = ClosedCase(
        referral_id=rows.referral_id or None,
        meeting_id=None if rows.referral_id else rows.id,
        ref=key.ref,
        closed_at=now,
        closed_by_id=actor.id,
        keep_until=kept.until,
        rule={
            "id": kept.rule,
            "reason": kept.reason,
            "source": kept.source,
            "document": kept.document,
            "until": kept.until.isoformat(),
        },
    )
    session.add(case)
    session.flush()
    _note(session, actor, "closed the case", key, now,
          keep_until=kept.until.isoformat(), rule=kept.rule)  # fmt: skip
    return case


def reopen(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Take a case out of the archive, because something came up. Raises Refused (`reason`), and
    `page` once it is deleted or while it is held."""
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage in (Stage.DELETED, Stage.HELD):
        raise Refused("page", f"It cannot be opened again: {stage.label.lower()}")
    session.delete(case)
    session.flush()
    _note(session, actor, "opened the case again", key, now)


def hold(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Put a legal hold on a closed case: nothing deletes it until that is lifted (H8).

    An approval that was given before falls away. Raises Refused (`reason`, `page`).
    """
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage in (Stage.DELETED, Stage.HELD):
        raise Refused("page", f"No hold can be put on it: {stage.label.lower()}")
    case.held_at, case.held_by_id, case.hold_reason = now, actor.id, reason
    _withdraw(case)
    session.flush()
    _note(session, actor, "put a legal hold on the case", key, now)


def lift(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Lift the legal hold; the case is then reviewed like any other. Raises Refused."""
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage is not Stage.HELD:
        raise Refused("page", "There is no hold on it")
    case.held_at = case.held_by_id = case.hold_reason = None
    session.flush()
    _note(session, actor, "lifted the legal hold", key, now)


def keep_longer(
    session: Session, actor: Actor, key: CaseKey, until: datetime, reason: str, now: datetime
) -> None:
    """Reviewed, and kept until a later day. Raises Refused (fields `until`, `reason`, `page`)."""
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage is Stage.DELETED:
        raise Refused("page", "It is deleted")
    rules.check_longer(until, case.keep_until, now)
    case.keep_until, case.longer_reason = until, reason
    _withdraw(case)
    session.flush()
    _note(session, actor, "kept the case longer", key, now, keep_until=until.isoformat())


def approve(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Reviewed, and to be deleted after the days of grace (H8).

    Raises Refused (`reason`, `page`) before its time is over, under a hold, and while another case
    about one of the children is open.
    """
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    rows = queries.rows_of(session, key)
    rules.check_deletable(stage, queries.others_open(session, rows) if rows else 0)
    case.approved_at, case.approved_by_id, case.approved_reason = now, actor.id, reason
    session.flush()
    _note(session, actor, "approved the deletion of the case", key, now)


def withdraw(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Take an approval back before the deletion. Raises Refused (`reason`, `page`)."""
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage is not Stage.APPROVED:
        raise Refused("page", f"There is no approval to take back: {stage.label.lower()}")
    _withdraw(case)
    session.flush()
    _note(session, actor, "took the approval of the deletion back", key, now)


def delete(session: Session, key: CaseKey, now: datetime) -> bool:
    """Delete a case whose deletion was approved long enough ago; False where it may not go (H8).

    Asked again here, with everything locked: a hold or a new case may have come between. The row
    of the closed case and the audit stay.
    """
    rows = _rows(session, key)
    case = queries.closed_to_change(session, key, rows.id)
    if case is None or _stage(case, now) is not Stage.APPROVED or case.approved_at is None:
        return False
    if not rules.may_go(case.approved_at, now) or queries.others_open(session, rows):
        return False
    gone = erase(session, rows)
    case.deleted_at = now
    case.longer_reason = case.approved_reason = None
    session.flush()
    _note(session, SYSTEM, "deleted the case", key, now,
          rule=case.rule["id"], approved_by=case.approved_by_id, rows=gone)  # fmt: skip
    return True


def _rows(session: Session, key: CaseKey) -> CaseRows:
    """The case, with its referral and discussions locked."""
    rows = queries.rows_of(session, key)
    if rows is None:
        raise Refused("page", "There is no such case: load the page again")
    if rows.referral_id:
        session.get_one(Referral, rows.referral_id, with_for_update=True, populate_existing=True)
    for meeting_id in rows.meetings:
        session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    return rows


def _case(session: Session, key: CaseKey, now: datetime) -> tuple[ClosedCase, Stage]:
    case = queries.closed_to_change(session, key, _rows(session, key).id)
    if case is None:
        raise Refused("page", "The case is open: close it first")
    return case, _stage(case, now)


def _stage(case: ClosedCase, now: datetime) -> Stage:
    return rules.stage_of(
        keep_until=case.keep_until,
        held=case.held_at is not None,
        approved=case.approved_at is not None,
        deleted=case.deleted_at is not None,
        now=now,
    )


def _withdraw(case: ClosedCase) -> None:
    case.approved_at = case.approved_by_id = case.approved_reason = None


def _note(
    session: Session, actor: Actor, action: str, key: CaseKey, now: datetime, **details: object
) -> None:
    record(session, actor, action, Subject(key.kind.value, key.ref), now, details)
