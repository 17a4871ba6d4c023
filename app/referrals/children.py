"""What people do with a child: add, correct, say who works with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.clock import london_date
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.referrals import keys, queries, rules
from app.referrals.acting import children_first
from app.referrals.matching import Identity
from app.referrals.models import Child, ChildProfessional
from app.referrals.types import ChangedMeanwhile, ChildGiven, Involvement

# What is known of a child beyond name and dates; a later referral fills these in or renews them.
_ABOUT = ("gender", "ethnicity", "religion", "first_language", "disability", "address",
          "case_reference", "school_typed", "gp_typed", "health_typed")  # fmt: skip
_TICKS = ("needs_interpreter", "looked_after")


def add_child(session: Session, actor: Actor, given: ChildGiven, now: datetime) -> Child:
    """A child who is new here, findable at once by the wrong-child guard (A2, A3, A11).

    Raises Refused by the field.
    """
    rules.check(rules.child_problems(given, london_date(now)))
    return _new_child(session, actor, given, now)


def edit_child(
    session: Session,
    actor: Actor,
    child: Child,
    given: ChildGiven,
    now: datetime,
    version: int | None = None,
) -> None:
    """Correct what is known of a child, names and dates included; old spellings stay findable.

    Raises Refused by the field, ChangedMeanwhile where somebody changed the child first.
    """
    children_first(session, [child.ref])
    if version is not None and version != child.version:
        raise ChangedMeanwhile
    rules.check(rules.child_problems(given, london_date(now)))
    fresh: dict[str, object] = {
        "given_name": given.given_name,
        "family_name": given.family_name,
        "date_of_birth": given.date_of_birth,
        "due_date": given.due_date,
        **{name: getattr(given, name) or None for name in _ABOUT},
        **{name: getattr(given, name) for name in _TICKS},
    }
    _change_child(session, actor, child, fresh, now)
    involve(session, actor, child, given.professionals, now)


def involve(
    session: Session,
    actor: Actor,
    child: Child,
    professionals: Iterable[Involvement],
    now: datetime,
) -> None:
    """Say who in the directory works with a child: the given people and nobody else (A2, C2).

    Raises Refused for somebody who is not in the directory.
    """
    wanted = {one.professional_id: one for one in professionals}
    if len(directory.professionals(session, list(wanted))) != len(wanted):
        raise Refused("professionals", "Choose people from the directory")
    held = {row.professional_id: row for row in _involved(session, child.id)}
    now_held = {key: (row.actively_involved, row.lead) for key, row in held.items()}
    if {key: (one.actively_involved, one.lead) for key, one in wanted.items()} == now_held:
        return
    for key, row in held.items():
        if key not in wanted:
            session.delete(row)
    for key, one in wanted.items():
        _hold(session, child.id, one, held.get(key))
    session.flush()
    record(
        session, actor, "professionals of a child set", Subject("child", child.ref), now,
        {
            "professionals": sorted(wanted),
            "actively_involved": sorted(k for k, one in wanted.items() if one.actively_involved),
        },
    )  # fmt: skip


def child_of_intake(
    session: Session, actor: Actor, given: ChildGiven, place: int, now: datetime
) -> Child:
    """The known child that a person said this is, brought up to date, or a new one (A3).

    `place` is the child's place on the form, for the field that Refused names.
    """
    if given.same_as is None:
        return _new_child(session, actor, given, now)
    child = queries.child_by_ref(session, given.same_as)
    if child is None:
        raise Refused(f"children-{place}-same_as", "That child is no longer there: look again")
    fresh: dict[str, object] = {
        name: getattr(given, name) for name in _ABOUT if getattr(given, name)
    }
    fresh |= {name: True for name in _TICKS if getattr(given, name)}
    for name in ("given_name", "family_name", "date_of_birth", "due_date"):
        typed = getattr(given, name)
        if typed and (given.corrects_known or not getattr(child, name)):
            fresh[name] = typed
    if fresh.get("date_of_birth"):
        fresh["due_date"] = None  # born meanwhile
    _change_child(session, actor, child, fresh, now)
    # The spelling of this caller finds the child too, even where the held one stays.
    keys.index(session, child.id, _identity(given))
    if given.professionals:
        _involve_also(session, actor, child, given.professionals, now)
    return child


def _new_child(session: Session, actor: Actor, given: ChildGiven, now: datetime) -> Child:
    child = Child(
        ref=new_reference("CH"),
        given_name=given.given_name,
        family_name=given.family_name,
        date_of_birth=given.date_of_birth,
        due_date=given.due_date,
        created_at=now,
        **{name: getattr(given, name) or None for name in _ABOUT},
        **{name: getattr(given, name) for name in _TICKS},
    )
    session.add(child)
    session.flush()
    keys.index(session, child.id, keys.identity(child))
    record(session, actor, "child added", Subject("child", child.ref), now)
    if given.professionals:
        involve(session, actor, child, given.professionals, now)
    return child


def _change_child(
    session: Session, actor: Actor, child: Child, fresh: dict[str, object], now: datetime
) -> None:
    changed = sorted(name for name, value in fresh.items() if getattr(child, name) != value)
    if not changed:
        return
    if "case_reference" in changed:
        keys.drop_reference(session, child.id, child.case_reference or "")
    for name in changed:
        setattr(child, name, fresh[name])
    session.flush()
    keys.index(session, child.id, keys.identity(child))
    record(
        session, actor, "child changed", Subject("child", child.ref), now, {"changed": changed}
    )  # fmt: skip


def _involve_also(
    session: Session,
    actor: Actor,
    child: Child,
    professionals: Iterable[Involvement],
    now: datetime,
) -> None:
    """Add people to those who work with a child already; a new referral takes nobody away."""
    both = {
        row.professional_id: Involvement(row.professional_id, row.actively_involved, row.lead)
        for row in _involved(session, child.id)
    }
    both |= {one.professional_id: one for one in professionals}
    involve(session, actor, child, both.values(), now)


def _involved(session: Session, child_id: int) -> list[ChildProfessional]:
    return list(
        session.execute(
            select(ChildProfessional).where(ChildProfessional.child_id == child_id)
        ).scalars()
    )


def _hold(session: Session, child_id: int, one: Involvement, row: ChildProfessional | None) -> None:
    if row is None:
        row = ChildProfessional(child_id=child_id, professional_id=one.professional_id)
        session.add(row)
    row.actively_involved, row.lead = one.actively_involved, one.lead


def _identity(given: ChildGiven) -> Identity:
    return Identity(given.given_name, given.family_name, given.date_of_birth, given.due_date)
