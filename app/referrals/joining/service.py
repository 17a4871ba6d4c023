"""A child joins a referral after it was entered, or leaves it (A2, A3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.audit.service import record
from app.audit.types import Actor
from app.core.clock import london_date
from app.directory.queries import council
from app.protocols.registry import active
from app.protocols.types import Facts
from app.referrals import queries, rules
from app.referrals.acting import (
    children_first,
    staff_id,
    subject_of,
    taken_first,
    unchanged,
)
from app.referrals.children import child_of_intake
from app.referrals.joining.models import ChildTakenOff
from app.referrals.joining.rules import check_join, check_leave
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.of_meetings import WaitingDiscussions
from app.referrals.re_referrals import count_anew
from app.referrals.same_child import queries as same_child_queries
from app.referrals.same_child import service as same_child
from app.referrals.types import ChildGiven


def join(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: ChildGiven,
    now: datetime,
    version: int | None = None,
    waiting: WaitingDiscussions | None = None,
) -> Child:
    """Add a child, new here or known, to a referral.

    Discussions that wait to be booked, which `waiting` finds, take the child in; those that people
    were asked to, or that are over, keep their children. Raises Refused by the field
    (`children-0-...`), ChangedMeanwhile where somebody changed the referral first: another child
    may have joined, about whom the wrong-child guard has not asked.
    """
    known = queries.child_by_ref(session, given.same_as) if given.same_as else None
    _taken(session, referral, known)
    takes_in = waiting(session, referral.id) if waiting is not None else None
    unchanged(referral, version)
    rules.check(rules.child_problems(given, london_date(now), "children-0-"))
    check_join([row.child.ref for row in referral.children], given.same_as)
    before = same_child.held_before(session, given)
    child = child_of_intake(session, actor, given, 0, now)
    place = max((row.position for row in referral.children), default=-1) + 1
    by = rules.decision_due(active(council(session).protocol_id), Facts(received_at=now))
    referral.children.append(ReferralChild(child=child, position=place, speak_by_at=by))
    _changed(referral)
    session.flush()
    if before is not None:
        same_child.said_at_intake(session, actor, referral, child, given, before, now)
    _count_anew(session, actor, referral, child, now)
    record(
        session, actor, "child joined the referral", subject_of(referral), now,
        {"child": child.ref, "known_children": [child.ref] if given.same_as else []},
    )  # fmt: skip
    if takes_in is not None:
        takes_in(actor, now)
    return child


def leave(
    session: Session,
    actor: Actor,
    referral: Referral,
    child: Child,
    reason: str,
    now: datetime,
    version: int | None = None,
) -> None:
    """Take a child off who was entered by mistake; what is known of the child stays known.

    Raises Refused (`reason`) without a reason, where a decision was taken with the child on the
    referral, and for the only child; ChangedMeanwhile where somebody changed the referral first.
    """
    _taken(session, referral, child)
    unchanged(referral, version)
    check_leave(reason, len(referral.children), len(queries.decisions(session, referral.id)))
    row = next(row for row in referral.children if row.child_id == child.id)
    referral.children.remove(row)
    session.add(
        ChildTakenOff(
            referral_id=referral.id,
            child_id=child.id,
            reason=reason,
            by_id=staff_id(actor),
            at=now,
        )
    )
    _changed(referral)
    session.flush()
    _count_anew(session, actor, referral, child, now)
    record(
        session, actor, "child taken off the referral", subject_of(referral), now,
        {"child": child.ref},
    )  # fmt: skip


def _taken(session: Session, referral: Referral, child: Child | None) -> None:
    """The referral, every other one on a known child, and the child, before the audit."""
    others = same_child_queries.referral_ids(session, child.id) if child else []
    taken_first(session, referral.id, *others)
    children_first(session, [child.ref] if child else [])


def _changed(referral: Referral) -> None:
    """The children are part of the referral: whoever changes it at the same time has to see it."""
    flag_modified(referral, "concerns")


def _count_anew(
    session: Session, actor: Actor, referral: Referral, child: Child, now: datetime
) -> None:
    """What this referral, and every other one on the child, is a re-referral of."""
    ids = {referral.id, *same_child_queries.referral_ids(session, child.id)}
    count_anew(session, actor, same_child_queries.referrals(session, ids), now)
