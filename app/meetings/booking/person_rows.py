"""The people of the booking form: one row for each who could come, read in one go.

Plain objects, not a form for each: a list of fifteen people is a hundred and fifty fields, and
making those was a fifth of what the page cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from app.directory.types import AgencyKind
from app.meetings.booking.types import Person, TypedPerson
from app.web.forms import LINE_LENGTH, tidy_line
from app.web.numbers import whole_or_none

MOST_PEOPLE = 60
KINDS = tuple((kind.value, kind.label) for kind in AgencyKind)
_TICKS = frozenset({"come", "telephone_only", "decides", "checked"})
TOO_LONG = f"Shorten this to {LINE_LENGTH} characters or fewer"


@dataclass(slots=True)
class PersonRow:
    """One person: proposed by a rule, invited already, added from the directory, or typed.

    `key` says which: a rule's key, `invitee-<id>`, `added-<id>`, or `typed-<n>`.
    """

    prefix: str  # people-3
    key: str = ""
    come: bool = False
    person: str = ""
    reason: str = ""
    telephone_only: bool = False
    name: str = ""
    title: str = ""
    agency: str = ""
    kind: str = AgencyKind.OTHER.value
    email: str = ""
    telephone: str = ""
    decides: bool = False
    # Said to have been read back to the person: an address that something speaks against.
    checked: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    # Who may be chosen in this place: set by the page.
    options: tuple[Person, ...] = ()

    def id(self, part: str) -> str:
        """Name and id of one control of this row."""
        return f"{self.prefix}-{part}"

    def take(self, values: Mapping[str, Any]) -> None:
        """Values by their part's name, as they were typed or as the page proposes them."""
        for part, value in values.items():
            if part in _TICKS:
                setattr(self, part, bool(value))
            elif part in _PARTS:
                setattr(self, part, tidy_line(value))

    def as_given(self) -> dict[str, Any]:
        """Every part by its name, for another row."""
        return {part: getattr(self, part) for part in _PARTS}

    def who(self, otherwise: str) -> str:
        """The name of whoever is chosen in this row."""
        chosen = (one.name for one in self.options if one.id == self.professional_id)
        return next(chosen, self.name or otherwise)

    def too_long(self) -> Iterator[str]:
        """Parts that hold more than a line."""
        return (part for part in _PARTS - _TICKS if len(getattr(self, part)) > LINE_LENGTH)

    @property
    def professional_id(self) -> int | None:
        """Who of the directory is chosen in this row."""
        return whole_or_none(self.person)

    @property
    def is_typed(self) -> bool:
        return bool(self.name)

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.title or self.agency or self.email or self.telephone)

    def typed(self) -> TypedPerson:
        return TypedPerson(
            name=self.name,
            title=self.title,
            agency_name=self.agency,
            agency_kind=self.agency_kind,
            email=self.email or None,
            telephone=self.telephone or None,
            decision_maker=self.decides,
        )

    @property
    def agency_kind(self) -> AgencyKind:
        return AgencyKind(self.kind) if self.kind in _KINDS else AgencyKind.OTHER


_PARTS = frozenset(one.name for one in fields(PersonRow)) - {"prefix", "errors", "options"}
_KINDS = frozenset(kind.value for kind in AgencyKind)
