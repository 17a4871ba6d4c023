"""The blind index: finds likely matches among children without a name in the clear (A3, G5, H6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from app.core.crypto import keyed_digest
from app.core.database import table
from app.core.installation import index_key
from app.referrals import search_keys
from app.referrals.matching import Identity, keys_of, keys_to_seek
from app.referrals.models import Child, ChildKey

# Eighty bits: two names that share a digest by chance are told apart when they are scored.
_ENOUGH = 20
BATCH = 200

_KEY = table(ChildKey)
_HELD = select(_KEY.c.child_id, _KEY.c.digest).where(
    _KEY.c.child_id.in_(bindparam("children", expanding=True))
)
_DROP = delete(_KEY).where(
    _KEY.c.child_id == bindparam("child"), _KEY.c.digest.in_(bindparam("digests", expanding=True))
)
_CASE_REFERENCE = select(Child.case_reference).where(Child.id == bindparam("child"))
_AFTER = (
    select(
        Child.id,
        Child.given_name,
        Child.family_name,
        Child.date_of_birth,
        Child.due_date,
        Child.case_reference,
    )
    .where(Child.id > bindparam("after", type_=Integer()))
    .order_by(Child.id)
    .limit(BATCH)
)


def identity(child: Child) -> Identity:
    """What a known child is recognised by."""
    return Identity(child.given_name, child.family_name, child.date_of_birth, child.due_date)


def index(session: Session, child_id: int, *known_as: Identity) -> None:
    """Add the digests under which a child is found; those held already stay.

    A spelling once used stays findable: the next caller may use it again.
    """
    reference = session.execute(_CASE_REFERENCE, {"child": child_id}).scalar_one() or ""
    _add(session, [(child_id, one, reference) for one in known_as])


def index_after(session: Session, child_id: int) -> list[int]:
    """The same for the next children after this number; their numbers, in order.

    For children who were known before one of the keys was thought of.
    """
    rows = session.execute(_AFTER, {"after": child_id}).all()
    _add(session, [(row[0], Identity(*row[1:5]), row[5] or "") for row in rows])
    return [row[0] for row in rows]


def stored(session: Session, known_as: Identity, case_reference: str = "") -> set[str]:
    """The digests under which a child of this name, birth and reference is found."""
    found = digests(session, keys_of(known_as))
    return found | _searched(session, search_keys.keys_of(known_as, case_reference))


def drop_reference(session: Session, child_id: int, case_reference: str) -> None:
    """A reference in the case system that was wrong finds the child no more."""
    if search_keys.plain_reference(case_reference):
        drop(session, child_id, _searched(session, [search_keys.case_key(case_reference)]))


def drop(session: Session, child_id: int, untrue: set[str]) -> None:
    """Take these digests away from a child."""
    held = {row[1] for row in session.execute(_HELD, {"children": [child_id]})}
    session.execute(_DROP, {"child": child_id, "digests": sorted(held & untrue)})


def sought(session: Session, children: Iterable[Identity]) -> set[str]:
    """The digests to look under for children as typed, slips of the pen included."""
    return digests(session, (key for child in children for key in keys_to_seek(child)))


def digests(session: Session, keys: Iterable[str]) -> set[str]:
    """What is stored of the guard's keys, which hold names."""
    return _digested(session, "child", keys)


def searched(session: Session, keys: Iterable[str]) -> list[str]:
    """What is stored of the keys of a search, in an order that is the same each time."""
    return sorted(_searched(session, keys))


def _searched(session: Session, keys: Iterable[str]) -> set[str]:
    return _digested(session, "search", keys)


def _digested(session: Session, of: str, keys: Iterable[str]) -> set[str]:
    secret = index_key(session)
    return {keyed_digest(secret, of, key)[:_ENOUGH] for key in keys}


def _add(session: Session, children: list[tuple[int, Identity, str]]) -> None:
    ids = {child_id for child_id, _, _ in children}
    if not ids:
        return
    held = {(row[0], row[1]) for row in session.execute(_HELD, {"children": ids})}
    wanted = set[tuple[int, str]]()
    for child_id, one, reference in children:
        wanted |= {(child_id, digest) for digest in stored(session, one, reference)}
    rows: list[dict[str, Any]] = [
        {"child_id": child_id, "digest": digest} for child_id, digest in sorted(wanted - held)
    ]
    if rows:
        session.execute(insert(_KEY), rows)
