"""What somebody outside tells by the public form, step by step (A1)."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from app.referrals.types import AdultGiven, ChildGiven

Kind = TypeVar("Kind")
_DATES = ("date_of_birth", "due_date")


class Step(enum.Enum):
    """One thing per page, in the order in which they are asked. The value is the address."""

    YOU = "you"
    SAFETY = "safety"
    CHILDREN = "children"
    ADULTS = "adults"
    CONCERNS = "concerns"
    STORY = "what-happened"
    CONSENT = "consent"
    FILES = "files"

    @property
    def label(self) -> str:
        return {
            "you": "About you",
            "safety": "Risk now",
            "children": "Children",
            "adults": "Adults",
            "concerns": "Concerns",
            "what-happened": "What happened",
            "consent": "What the family knows",
            "files": "Files",
        }[self.value]

    @property
    def number(self) -> int:
        """The place of the step, counted from 1."""
        return list(Step).index(self) + 1


class RiskNow(enum.Enum):
    """Whether a child may be at risk now: then the form alone is too slow."""

    YES = "yes"
    NOT_SURE = "not_sure"
    NO = "no"

    @property
    def label(self) -> str:
        return {
            "yes": "Yes, or it may be before tomorrow",
            "not_sure": "I am not sure",
            "no": "No",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who refers, and how they are reached."""

    name: str = ""
    role: str = ""
    organisation: str = ""
    email: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class ChildTold(ChildGiven):
    """A child on the form. `key` is random and the child's own for as long as the form is written:
    a place in a list would be another child's as soon as one is taken away."""

    key: str = ""


@dataclass(frozen=True, slots=True)
class AdultTold(AdultGiven):
    """An adult on the form, with a key as a child has one."""

    key: str = ""


Person = ChildTold | AdultTold


@dataclass(frozen=True, slots=True)
class Told:
    """Everything told so far; empty text and None mean not told. `done` names finished steps."""

    you: Referrer = Referrer()
    risk_now: str = ""
    children: tuple[ChildTold, ...] = ()
    adults: tuple[AdultTold, ...] = ()
    concerns: tuple[str, ...] = ()
    narrative: str = ""
    consent: str = ""
    consent_reason: str = ""
    family_told: bool = False
    family_told_note: str = ""
    done: tuple[str, ...] = ()

    def with_done(self, step: Step) -> Told:
        """The same with this step finished."""
        finished = {*self.done, step.value}
        return replace(self, done=tuple(one.value for one in Step if one.value in finished))

    def people(self, step: Step) -> tuple[Person, ...]:
        """The children or the adults told of."""
        return self.children if step is Step.CHILDREN else self.adults

    def person(self, step: Step, key: str) -> Person | None:
        """The child or adult of this key; None where there is none, or no longer."""
        return next((one for one in self.people(step) if one.key == key), None)

    def with_person(self, step: Step, fresh: Person) -> Told:
        """The same with this child or adult, in the place of the one of the same key."""
        there = self.person(step, fresh.key)
        people = self.people(step)
        if there is None:
            return self._of(step, (*people, fresh))
        return self._of(step, tuple(fresh if one.key == fresh.key else one for one in people))

    def without(self, step: Step, key: str) -> Told:
        """The same without the child or adult of this key. Without any child left, that step has
        to be done again."""
        rest = self._of(step, tuple(one for one in self.people(step) if one.key != key))
        if step is Step.CHILDREN and not rest.children:
            return replace(rest, done=tuple(one for one in rest.done if one != step.value))
        return rest

    def _of(self, step: Step, people: tuple[Any, ...]) -> Told:
        if step is Step.CHILDREN:
            return replace(self, children=people)
        return replace(self, adults=people)

    def mark(self, step: Step | None = None, key: str = "") -> str:
        """What a page carries to say what it was filled from: the same for the same answers of
        this step, of this child or adult, or, without a step, of the whole form."""
        told = json.loads(self.as_text())
        if step is None:
            held: Any = told
        elif key:
            person = self.person(step, key)
            held = asdict(person) if person is not None else None
        else:
            held = {name: told[name] for name in _PARTS[step]}
        text = json.dumps(held, default=_plain, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def as_text(self) -> str:
        """For the database: the same text for the same answers."""
        return json.dumps(asdict(self), default=_plain, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Told:
        """Answers out of the database; what an earlier release did not ask is not told."""
        held: dict[str, Any] = json.loads(text)
        return cls(
            **_known(cls, held)
            | {
                "you": Referrer(**_known(Referrer, held.get("you", {}))),
                "children": _keyed(_child, held.get("children", ())),
                "adults": _keyed(_adult, held.get("adults", ())),
                "concerns": tuple(held.get("concerns", ())),
                "done": tuple(held.get("done", ())),
            }
        )


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} is no answer of the form")


def _known(kind: type[Any], held: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: held[field.name] for field in fields(kind) if field.name in held}


def _keyed(
    kind: Callable[[Mapping[str, Any]], Kind], people: Sequence[Mapping[str, Any]]
) -> tuple[Kind, ...]:
    # An earlier release gave no keys: the place then serves as one from now on.
    return tuple(
        kind({**one, "key": one.get("key") or str(place)}) for place, one in enumerate(people, 1)
    )


def _child(held: Mapping[str, Any]) -> ChildTold:
    known = _known(ChildTold, held)
    known |= {name: date.fromisoformat(known[name]) for name in _DATES if known.get(name)}
    return ChildTold(**known | {"professionals": ()})


def _adult(held: Mapping[str, Any]) -> AdultTold:
    return AdultTold(**_known(AdultTold, held))


_PARTS: dict[Step, tuple[str, ...]] = {
    Step.YOU: ("you",),
    Step.SAFETY: ("risk_now",),
    Step.CHILDREN: ("children",),
    Step.ADULTS: ("adults",),
    Step.CONCERNS: ("concerns",),
    Step.STORY: ("narrative",),
    Step.CONSENT: ("consent", "consent_reason", "family_told", "family_told_note"),
    Step.FILES: (),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A referral on its way in, as the browser that writes it holds it."""

    id: int
    ref: str
    told: Told
    started_at: datetime
    sent_at: datetime | None


class ChangedElsewhere(Exception):
    """Another window of the same writer changed the same answers first: `told` holds what stands
    there now. What this one sent is not kept yet."""

    def __init__(self, told: Told) -> None:
        super().__init__("changed in another window")
        self.told = told


class Flooded(Exception):
    """Too much from one network or to one address: the person is told to telephone instead."""
