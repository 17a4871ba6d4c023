"""The blind index: finds likely matches among children without a name in the clear (A3, H6)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.crypto import keyed_digest
from app.core.installation import index_key
from app.referrals.matching import Identity, keys_of, keys_to_seek
from app.referrals.models import Child, ChildKey

# Eighty bits: two names that share a digest by chance are told apart when they are scored.
_ENOUGH = 20


def identity(child: Child) -> Identity:
    """What a known child is recognised by."""
    return Identity(child.given_name, child.family_name, child.date_of_birth, child.due_date)


def index(session: Session, child_id: int, *known_as: Identity) -> None:
    """Add the digests under which a child is found; those held already stay.

    A spelling once used stays findable: the next caller may use it again.
    """
    wanted = digests(session, (key for one in known_as for key in keys_of(one)))
    held = set(
        session.execute(select(ChildKey.digest).where(ChildKey.child_id == child_id)).scalars()
    )
    session.add_all(ChildKey(child_id=child_id, digest=digest) for digest in wanted - held)
    session.flush()


def sought(session: Session, children: Iterable[Identity]) -> set[str]:
    """The digests to look under for children as typed, slips of the pen included."""
    return digests(session, (key for child in children for key in keys_to_seek(child)))


def digests(session: Session, keys: Iterable[str]) -> set[str]:
    """What is stored of keys that hold names."""
    secret = index_key(session)
    return {keyed_digest(secret, "child", key)[:_ENOUGH] for key in keys}
