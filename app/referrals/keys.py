"""The blind index: finds likely matches among children without a name in the clear (A3, H6)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.crypto import keyed_digest
from app.core.installation import index_key
from app.referrals.matching import Identity, keys_of, keys_to_seek
from app.referrals.models import Child, ChildKey


def identity(child: Child) -> Identity:
    """What a known child is recognised by."""
    return Identity(child.given_name, child.family_name, child.date_of_birth, child.due_date)


def index(session: Session, child_id: int, *known_as: Identity) -> None:
    """Add the digests under which a child is found; those held already stay.

    A spelling once used stays findable: the next caller may use it again.
    """
    wanted = _digests(session, (key for one in known_as for key in keys_of(one)))
    held = set(
        session.execute(select(ChildKey.digest).where(ChildKey.child_id == child_id)).scalars()
    )
    session.add_all(ChildKey(child_id=child_id, digest=digest) for digest in wanted - held)
    session.flush()


def sought(session: Session, child: Identity) -> tuple[set[str], set[str]]:
    """The digests to look under for a child as typed, and those of them without any slip."""
    exact = _digests(session, keys_of(child))
    return _digests(session, keys_to_seek(child)) | exact, exact


def _digests(session: Session, keys: Iterable[str]) -> set[str]:
    secret = index_key(session)
    return {keyed_digest(secret, "child", key) for key in keys}
