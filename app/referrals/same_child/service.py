"""What people do about who a child is: say it is a known one, link it later, undo it (A3).

Nothing is merged by itself. Both records stay; the referrals and discussions go to the child whose
they are, and back when it proves wrong. Discussions lie on the floor above: see
`app.records.same_child`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.referrals import children, keys
from app.referrals import queries as referrals
from app.referrals.acting import children_first, taken_first
from app.referrals.checks.models import AgencyCheck, AgencyCheckChild
from app.referrals.models import Child, ChildProfessional, Referral, ReferralChild
from app.referrals.re_referrals import count_anew
from app.referrals.same_child import queries
from app.referrals.same_child.models import ChildMatch
from app.referrals.same_child.spellings import drop_untrue
from app.referrals.same_child.texts import Snapshot, as_text, child_from, snapshot
from app.referrals.types import ChildGiven


def held_before(session: Session, given: ChildGiven) -> Snapshot | None:
    """What is held of the known child that a person said this is; None for a new child."""
    child = referrals.child_by_ref(session, given.same_as) if given.same_as else None
    return snapshot(child, queries.professionals_of(session, child.id)) if child else None


def said_at_intake(
    session: Session,
    actor: Actor,
    referral: Referral,
    child: Child,
    given: ChildGiven,
    before: Snapshot,
    now: datetime,
) -> None:
    """Keep what was typed and what it replaced, so that a wrong match can be undone."""
    _keep(
        session, actor, child, None, [referral.id], now, before=before,
        given=as_text(replace(given, same_as=None, corrects_known=False)),
    )  # fmt: skip


def link(
    session: Session, actor: Actor, other: Child, known: Child, reason: str, now: datetime
) -> ChildMatch:
    """Say that two records are one child: the referrals of `other` go to `known`.

    What `known` lacks is filled from `other`; what both hold stays as `known` has it. Raises
    Refused without a reason, for one and the same record, where a referral holds both (twins stay
    two), and where one of them is linked already.
    """
    if not reason:
        raise Refused("reason", "Say how you know that it is the same child")
    if other.id == known.id:
        raise Refused("known", "That is the record itself: choose another child")
    # Taken before the questions: of two who link at once the second sees what the first did.
    take(session, [known, other])
    if queries.stands_for_another(session, [other.id, known.id]):
        raise Refused("known", "One of them is linked to another child already: undo that first")
    if queries.linked_to(session, other.id):
        raise Refused(
            "known", f"Other records are linked to {other.ref}: link {known.ref} to it instead"
        )
    moving = queries.referral_ids(session, other.id)
    if set(moving) & set(queries.referral_ids(session, known.id)):
        raise Refused("known", "Both stand on one referral: twins and siblings stay two")
    before = snapshot(known, queries.professionals_of(session, known.id))
    for name, value in snapshot(other, ()).fields.items():
        if value and not before.fields[name] and not _is_birth(name, known):
            setattr(known, name, getattr(other, name))
    for row in queries.involvements(session, other.id):
        if row.professional_id not in before.professionals:
            session.add(
                ChildProfessional(
                    child_id=known.id,
                    professional_id=row.professional_id,
                    actively_involved=row.actively_involved,
                    lead=row.lead,
                )
            )
    session.flush()
    keys.index(session, known.id, keys.identity(known))
    match = _keep(
        session, actor, known, other, moving, now, before=before, given=None, reason=reason
    )
    _move(session, actor, moving, other.id, known.id, now)
    _note(session, actor, "children linked", moving, known, other, now)
    return match


def undo(
    session: Session, actor: Actor, match_id: int, reason: str, now: datetime
) -> tuple[ChildMatch, Child]:
    """It was another child after all: the referrals go back, or to a record made from what was
    typed; what the match changed in the known child is put back where nobody changed it since.

    Returns the match and the other child. Raises Refused without a reason or when undone already.
    """
    if not reason:
        raise Refused("reason", "Say how you know that it is another child")
    _taken_of_match(session, match_id)
    match = queries.for_change(session, match_id)
    if match is None or match.undone_at is not None:
        raise Refused("reason", "This was undone meanwhile: look again")
    known = session.get_one(Child, match.child_id)
    if match.given is not None:
        other = children.child_of_intake(session, actor, child_from(match.given), 0, now)
    else:
        other = session.get_one(Child, match.other_id)
    _put_back(session, known, match)
    moving = [
        referral_id
        for referral_id in match.moved["referrals"]
        if referral_id in queries.referral_ids(session, known.id)
    ]
    match.undone_at, match.undone_by_id, match.undo_reason = now, _staff_id(actor), reason
    session.flush()
    drop_untrue(session, [known.id])
    # Of a child as typed no agency was told: a person decides whether it is now (A6).
    _move(session, actor, moving, known.id, other.id, now, asked=match.given is None)
    _note(session, actor, "children told apart", moving, known, other, now)
    return match, other


def take(session: Session, records: Collection[Child]) -> None:
    """Every referral on these children, and the children, before the audit is written."""
    ids = {one for child in records for one in queries.referral_ids(session, child.id)}
    if ids:
        taken_first(session, *sorted(ids))
    children_first(session, [child.ref for child in records])


def _taken_of_match(session: Session, match_id: int) -> None:
    match = session.get(ChildMatch, match_id)
    if match is not None:
        ids = [one for one in (match.child_id, match.other_id) if one is not None]
        take(session, [session.get_one(Child, one) for one in ids])


def _is_birth(name: str, known: Child) -> bool:
    """A due date is nothing that a child lacks who is born."""
    return name == "due_date" and known.date_of_birth is not None


def _keep(
    session: Session,
    actor: Actor,
    child: Child,
    other: Child | None,
    moving: Collection[int],
    now: datetime,
    *,
    before: Snapshot,
    given: str | None,
    reason: str | None = None,
) -> ChildMatch:
    after = snapshot(child, queries.professionals_of(session, child.id))
    match = ChildMatch(
        child_id=child.id,
        other_id=other.id if other else None,
        given=given,
        before=before.changes_to(after),
        moved={"referrals": list(moving), "meetings": []},
        reason=reason,
        said_by_id=_staff_id(actor),
        said_at=now,
    )
    session.add(match)
    session.flush()
    return match


def _put_back(session: Session, known: Child, match: ChildMatch) -> None:
    """Only what still is as the match left it; whoever changed it since knew better."""
    before, after = Snapshot.both(match.before)
    held = snapshot(known, queries.professionals_of(session, known.id))
    for name, value in before.fields.items():
        if held.fields[name] == after.fields[name]:
            setattr(known, name, before.value(name, value))
    added = set(after.professionals) - set(before.professionals)
    for row in queries.involvements(session, known.id):
        if row.professional_id in added:
            session.delete(row)
    session.flush()
    keys.index(session, known.id, keys.identity(known))


def _move(
    session: Session,
    actor: Actor,
    referral_ids: Collection[int],
    source: int,
    target: int,
    now: datetime,
    *,
    asked: bool = True,
) -> None:
    """Referrals from one child to the other, and anew what each is a re-referral of (A3). `asked`:
    agencies that were asked about the one were asked about the other."""
    session.execute(
        update(ReferralChild)
        .where(ReferralChild.referral_id.in_(referral_ids), ReferralChild.child_id == source)
        .values(child_id=target)
        .execution_options(synchronize_session=False)
    )
    if asked:
        _asked_about(session, referral_ids, source, target)
    concerned = {*referral_ids, *queries.referral_ids(session, source)}
    concerned |= {*queries.referral_ids(session, target)}
    held = queries.referrals(session, concerned)
    for referral in held:
        if referral.id in referral_ids:
            # Whoever has the referral open is told, even where only its children changed.
            flag_modified(referral, "earlier_referral_id")
    session.flush()
    count_anew(session, actor, held, now)


def _asked_about(session: Session, referral_ids: Collection[int], source: int, target: int) -> None:
    checks = select(AgencyCheck.id).where(AgencyCheck.referral_id.in_(referral_ids))
    both = select(AgencyCheckChild.check_id).where(AgencyCheckChild.child_id == target)
    of_source = (AgencyCheckChild.child_id == source, AgencyCheckChild.check_id.in_(checks))
    for statement in (
        delete(AgencyCheckChild).where(*of_source, AgencyCheckChild.check_id.in_(both)),
        update(AgencyCheckChild).where(*of_source).values(child_id=target),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def _note(
    session: Session,
    actor: Actor,
    action: str,
    referral_ids: Collection[int],
    known: Child,
    other: Child,
    now: datetime,
) -> None:
    details: dict[str, Any] = {"child": known.ref, "other": other.ref}
    for child in (known, other):
        record(session, actor, action, Subject("child", child.ref), now, details)
    for referral in queries.referrals(session, referral_ids):
        record(session, actor, action, Subject("referral", referral.ref), now, details)


def _staff_id(actor: Actor) -> int:
    if actor.id is None:
        raise ValueError("only a member of staff does this: the actor has no id")
    return actor.id
