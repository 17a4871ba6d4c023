"""Closing a case, holding it, reviewing it, deleting it (F8, H8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Actor
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings.models import Meeting
from app.protocols.registry import active
from app.referrals.abuse.models import AbuseCase
from app.referrals.models import Referral
from app.referrals.public.models import Arrival
from app.retention import cases, holds, queries, rules
from app.retention.cases import CaseRows
from app.retention.erasing import erase
from app.retention.models import ClosedCase
from app.retention.reviewing import reviewers
from app.retention.types import CaseFacts, CaseKey, CaseKind, Kept, Stage

# What a room above does when a case is about to be deleted: with its rows, and when.
Leaving = Callable[[Session, CaseRows, datetime], None]


def close(session: Session, actor: Actor, key: CaseKey, now: datetime) -> ClosedCase:
    """Close a case in which nothing is open, and put it into the archive (F8).

    Until when it is kept follows from the protocol that is active now. Raises Refused (field
    `page`) while something is open, or where it is closed already.
    """
    rows = _rows(session, key)
    if queries.closed_case(session, key, rows.id) is not None:
        raise Refused("page", "The case is closed already")
    facts = cases.facts_of(session, rows)
    rules.check_closable(facts)
    kept = _kept(session, facts, now)
    held = holds.active(session, key, rows)
    case = ClosedCase(
        referral_id=rows.referral_id or None,
        meeting_id=rows.id if key.kind is CaseKind.MEETING else None,
        abuse_case_id=rows.abuse_case_id or None,
        arrival_id=rows.arrival_id or None,
        ref=key.ref,
        closed_at=now,
        closed_by_id=actor.id,
        keep_until=kept.until,
        rule=_rule(kept),
        held_at=held[0].hold.held_at if held else None,
    )
    session.add(case)
    session.flush()
    _note(session, actor, "closed the case", key, now,
          keep_until=kept.until.isoformat(), rule=kept.rule)  # fmt: skip
    return case


def reopen(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Take a case out of the archive, because something came up; a legal hold stays on it. Raises
    Refused (`reason`), and `page` once it is deleted."""
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage is Stage.DELETED:
        raise Refused("page", "It cannot be opened again: it is deleted")
    session.delete(case)
    session.flush()
    _note(session, actor, "opened the case again", key, now)


def reopen_for_work(session: Session, key: CaseKey, now: datetime) -> bool:
    """Take a closed case that took new work out of the archive: closed again later, it is kept
    from then (H8). False where nothing is open in it any more."""
    rows = cases.rows_of(session, key)
    if rows is not None:
        _lock(session, rows)
    case = queries.closed_by_ref_to_change(session, key)
    if case is None or case.deleted_at is not None:
        return False
    waits = rules.still_open(cases.facts_of(session, rows)) if rows is not None else []
    if rows is not None and not waits:
        return False
    session.delete(case)
    session.flush()
    _note(session, SYSTEM, "opened the case again", key, now, because=waits)
    return True


def hold(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Put a legal hold on a case, open or closed: until it is lifted nothing deletes it, nor any
    other case about one of its children (H8).

    Approvals that were given before fall away. Raises Refused (`reason`, `page`).
    """
    rules.check_reason(reason)
    rows = _rows(session, key)
    kept = holds.closed_about(session, rows)
    closed = queries.closed_case(session, key, rows.id)
    if closed is not None and closed.deleted_at is not None:
        raise Refused("page", "No hold can be put on it: it is deleted")
    if any(one.on == key for one in holds.active(session, key, rows)):
        raise Refused("page", "There is a hold on it already")
    holds.put(session, key, rows.children, reason, actor.id, now)
    for case in kept:
        case.held_at = case.held_at or now
        _withdraw(case)
    session.flush()
    _note(session, actor, "put a legal hold on the case", key, now,
          keeps=sorted(case.ref for case in kept if case.ref != key.ref))  # fmt: skip


def hold_newcomers(session: Session, key: CaseKey, now: datetime) -> int:
    """Mark the closed cases about children who came to a held case after the hold, and take back
    approvals that were given for them; returns how many (H8)."""
    rows = _rows(session, key)
    own = next((one for one in holds.active(session, key, rows) if one.on == key), None)
    if own is None:
        return 0
    about = holds.closed_about(session, rows, holds.children_of(session, own.hold))
    new = [case for case in about if case.held_at is None]
    for case in new:
        case.held_at = now
        _withdraw(case)
    session.flush()
    if new:
        _note(session, SYSTEM, "the legal hold keeps more cases", key, now,
              keeps=sorted(case.ref for case in new))  # fmt: skip
    return len(new)


def lift(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Lift the legal hold that was put on this case; what no other hold keeps is then reviewed
    like any other. Raises Refused (`reason`, `page`)."""
    rules.check_reason(reason)
    rows = _rows(session, key)
    there = holds.active(session, key, rows)
    own = next((one.hold for one in there if one.on == key), None)
    if own is None:
        elsewhere = f": it was put on {there[0].on.ref}, lift it there" if there else ""
        raise Refused("page", f"There is no hold on it{elsewhere}")
    # Children who have left the case since were held by it too.
    kept = holds.closed_about(session, rows, holds.children_of(session, own))
    own.lifted_at, own.lifted_by_id, own.lift_reason = now, actor.id, reason
    session.flush()
    for case in kept:
        of = queries.key_of(case)
        about = cases.rows_of(session, of)
        if about is not None and not holds.active(session, of, about):
            case.held_at = None
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


def approve(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> bool:
    """Reviewed, and to be deleted after the days of grace (H8).

    The rule is counted again: False where it keeps the case longer now, because a birthday was put
    right or the protocol changed, and the case goes back into the archive until then. Raises
    Refused (`reason`, `page`) before its time is over, under a hold, by whoever lifted one, while
    something is open in it, and while another case about one of the children is open.
    """
    rules.check_reason(reason)
    rows = _rows(session, key)
    case, stage = _case(session, key, now)
    if stage is Stage.DUE and holds.active(session, key, rows):
        stage = Stage.HELD
    rules.check_deletable(stage, cases.others_open(session, rows))
    lifters = holds.lifters(session, key, rows)
    rules.check_second_person(actor.id, lifters, reviewers(session, rows, lifters))
    facts = cases.facts_of(session, rows)
    rules.check_closable(facts)
    kept = _kept(session, facts, case.closed_at)
    if kept.until >= now:
        case.keep_until, case.rule = kept.until, _rule(kept)
        session.flush()
        _note(session, actor, "counted anew until when the case is kept", key, now,
              keep_until=kept.until.isoformat(), rule=kept.rule)  # fmt: skip
        return False
    case.approved_at, case.approved_by_id, case.approved_reason = now, actor.id, reason
    session.flush()
    _note(session, actor, "approved the deletion of the case", key, now)
    return True


def withdraw(session: Session, actor: Actor, key: CaseKey, reason: str, now: datetime) -> None:
    """Take an approval back before the deletion. Raises Refused (`reason`, `page`)."""
    rules.check_reason(reason)
    case, stage = _case(session, key, now)
    if stage is not Stage.APPROVED:
        raise Refused("page", f"There is no approval to take back: {stage.label.lower()}")
    _withdraw(case)
    session.flush()
    _note(session, actor, "took the approval of the deletion back", key, now)


def delete(session: Session, key: CaseKey, now: datetime, leaving: Sequence[Leaving] = ()) -> bool:
    """Delete a case whose deletion was approved long enough ago; False where it may not go (H8).

    Asked again here, with everything locked: a hold, new work or a new case may have come between.
    The row of the closed case and the audit stay. `leaving` is called before anything goes, in the
    same transaction, for what other rooms keep or forget with the case.
    """
    rows = _rows(session, key)
    case = queries.closed_to_change(session, key, rows.id)
    if case is None or _stage(case, now) is not Stage.APPROVED or case.approved_at is None:
        return False
    if not rules.may_go(case.approved_at, now) or cases.others_open(session, rows):
        return False
    facts = cases.facts_of(session, rows)
    if rules.still_open(facts) or _kept(session, facts, case.closed_at).until >= now:
        return False
    if holds.active(session, key, rows):
        return False
    approver, rule = case.approved_by_id, case.rule["id"]
    case.deleted_at = now
    case.longer_reason = case.approved_reason = None
    case.abuse_case_id = case.arrival_id = None
    holds.forget_words(session, key, rows)
    session.flush()
    for one in leaving:
        one(session, rows, now)
    gone = erase(session, rows, now)
    _note(session, SYSTEM, "deleted the case", key, now,
          rule=rule, approved_by=approver, rows=gone)  # fmt: skip
    return True


def _rows(session: Session, key: CaseKey) -> CaseRows:
    """The case, with its referral and discussions locked."""
    rows = cases.rows_of(session, key)
    if rows is None:
        raise Refused("page", "There is no such case: load the page again")
    _lock(session, rows)
    return rows


def _lock(session: Session, rows: CaseRows) -> None:
    if rows.referral_id:
        session.get_one(Referral, rows.referral_id, with_for_update=True, populate_existing=True)
    for meeting_id in rows.meetings:
        session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    if rows.abuse_case_id:
        session.get_one(AbuseCase, rows.abuse_case_id, with_for_update=True, populate_existing=True)
    if rows.arrival_id:
        session.get_one(Arrival, rows.arrival_id, with_for_update=True, populate_existing=True)


def _kept(session: Session, facts: CaseFacts, closed_at: datetime) -> Kept:
    protocol = active(council(session).protocol_id)
    return rules.keep_until(protocol.retention, facts, closed_at)


def _rule(kept: Kept) -> dict[str, str]:
    return {
        "id": kept.rule,
        "reason": kept.reason,
        "source": kept.source,
        "document": kept.document,
        "until": kept.until.isoformat(),
    }


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
    record(session, actor, action, key.subject, now, details)
