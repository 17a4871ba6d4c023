"""Under which keys a child is found once a match proved wrong: the other child's name, birth and
reference find it no longer (A3, G5)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.referrals import keys
from app.referrals.matching import Identity
from app.referrals.models import Child
from app.referrals.same_child.models import ChildMatch
from app.referrals.same_child.texts import Snapshot

_NAMED_BY = ("given_name", "family_name", "date_of_birth", "due_date", "case_reference")
_WITH_AN_UNDONE = select(ChildMatch.child_id).where(
    ChildMatch.child_id.in_(bindparam("children", expanding=True)),
    ChildMatch.undone_at.is_not(None),
)
_MATCHES = (
    select(ChildMatch.child_id, ChildMatch.given, ChildMatch.before, ChildMatch.undone_at)
    .where(ChildMatch.child_id.in_(bindparam("children", expanding=True)))
    .order_by(ChildMatch.id)
)
_CHILDREN = select(Child).where(Child.id.in_(bindparam("children", expanding=True)))


class _Name(NamedTuple):
    identity: Identity
    reference: str


@dataclass(slots=True)
class _Called:
    """What a child is called, rightly and wrongly, as plain values by field."""

    now: dict[str, Any]
    rightly: list[dict[str, Any]] = field(default_factory=list)
    wrongly: list[dict[str, Any]] = field(default_factory=list)

    def true(self) -> Iterator[_Name]:
        """Now, before a match changed it, and as a match that stands has it."""
        for one in ({}, *self.rightly):
            # A reference that was corrected finds nobody any more: that of now alone.
            yield _name(self.now | one | {"case_reference": self.now["case_reference"]})

    def untrue(self) -> Iterator[_Name]:
        """Every way in which what an undone match said may stand beside what is said now."""
        for one in self.wrongly:
            both = [{self.now[name], one.get(name, self.now[name])} for name in _NAMED_BY]
            for values in product(*both):
                yield _name(dict(zip(_NAMED_BY, values, strict=True)))


def index_after(session: Session, child_id: int) -> int | None:
    """Every key of the next children after this number, and none that an undone match left there.
    Gives back the number of the last of them, None where none is left."""
    ids = keys.index_after(session, child_id)
    drop_untrue(session, ids)
    return ids[-1] if ids else None


def drop_untrue(session: Session, child_ids: Collection[int]) -> None:
    """Take away the keys that these children have from undone matches alone.

    What they are called now, were called before a match, and are called by a match that stands goes
    on finding them; so does a name that was corrected otherwise, unless an undone match said the
    very same.
    """
    concerned = set(session.execute(_WITH_AN_UNDONE, {"children": list(child_ids)}).scalars())
    if not concerned:
        return
    for number, called in _called(session, concerned).items():
        untrue = _keys(session, called.untrue()) - _keys(session, called.true())
        keys.drop(session, number, untrue)


def _called(session: Session, child_ids: Collection[int]) -> dict[int, _Called]:
    given = {"children": list(child_ids)}
    found = {
        child.id: _Called({name: getattr(child, name) for name in _NAMED_BY})
        for child in session.execute(_CHILDREN, given).scalars()
    }
    for child_id, typed, kept, undone_at in session.execute(_MATCHES, given):
        one = found[child_id]
        before, after = (_values(side.fields) for side in Snapshot.both(kept))
        one.rightly.append(before)
        said = (after | _values(json.loads(typed))) if typed else after
        (one.rightly if undone_at is None else one.wrongly).append(said)
    return found


def _values(plain: dict[str, Any]) -> dict[str, Any]:
    """Those fields that name a child and are filled, as the child's columns hold them."""
    return {name: Snapshot.value(name, plain[name]) for name in _NAMED_BY if plain.get(name)}


def _name(values: dict[str, Any]) -> _Name:
    return _Name(
        Identity(
            values["given_name"],
            values["family_name"],
            values["date_of_birth"],
            values["due_date"],
        ),
        values["case_reference"] or "",
    )


def _keys(session: Session, names: Iterable[_Name]) -> set[str]:
    return {key for one in names for key in keys.stored(session, one.identity, one.reference)}
