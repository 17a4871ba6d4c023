"""What was typed of a child, and what was held, as text that is kept encrypted."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import Enum
from typing import Any

from app.referrals.models import Child
from app.referrals.types import ChildGiven, Involvement

_OWN = frozenset({"id", "ref", "created_at", "version"})
_DATES = frozenset({"date_of_birth", "due_date"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is held of a child but its reference, as plain values."""

    fields: dict[str, Any]
    professionals: tuple[int, ...]

    def changes_to(self, after: Snapshot) -> str:
        """The fields in which the two differ, and the people, before and after."""
        changed = [name for name, value in self.fields.items() if after.fields[name] != value]
        return json.dumps(
            [
                {
                    "fields": {name: one.fields[name] for name in changed},
                    "professionals": one.professionals,
                }
                for one in (self, after)
            ]
        )

    @staticmethod
    def both(kept: str) -> tuple[Snapshot, Snapshot]:
        """The two sides of `changes_to`."""
        before, after = (
            Snapshot(one["fields"], tuple(one["professionals"])) for one in json.loads(kept)
        )
        return before, after

    @staticmethod
    def value(name: str, plain: Any) -> Any:
        """A plain value as the child's column takes it."""
        if plain is None:
            return None
        if name in _DATES:
            return date.fromisoformat(plain)
        kind = getattr(Child.__table__.columns[name].type, "enum_class", None)
        return kind(plain) if kind is not None else plain


def snapshot(child: Child, professionals: Collection[int]) -> Snapshot:
    """What is held of a child now."""
    names = [column.name for column in Child.__table__.columns if column.name not in _OWN]
    held = {name: _plain(getattr(child, name)) for name in names}
    return Snapshot(held, tuple(sorted(professionals)))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def as_text(given: ChildGiven) -> str:
    """A child as typed."""
    return json.dumps(asdict(given), default=_plain)


def child_from(text: str) -> ChildGiven:
    """The child that `as_text` wrote down."""
    typed = json.loads(text)
    known = {one.name for one in fields(ChildGiven)}
    values = {name: value for name, value in typed.items() if name in known}
    for name in _DATES & values.keys():
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    values["professionals"] = tuple(Involvement(**one) for one in values["professionals"])
    return ChildGiven(**values)
