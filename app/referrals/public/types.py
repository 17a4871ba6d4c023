"""What somebody outside tells by the public form, step by step (A1)."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
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
class Told:
    """Everything told so far; empty text and None mean not told. `done` names finished steps."""

    you: Referrer = Referrer()
    risk_now: str = ""
    children: tuple[ChildGiven, ...] = ()
    adults: tuple[AdultGiven, ...] = ()
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
                "children": tuple(_child(one) for one in held.get("children", ())),
                "adults": tuple(_adult(one) for one in held.get("adults", ())),
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


def _child(held: Mapping[str, Any]) -> ChildGiven:
    known = _known(ChildGiven, held)
    known |= {name: date.fromisoformat(known[name]) for name in _DATES if known.get(name)}
    return ChildGiven(**known | {"professionals": ()})


def _adult(held: Mapping[str, Any]) -> AdultGiven:
    return AdultGiven(**_known(AdultGiven, held))


@dataclass(frozen=True, slots=True)
class Draft:
    """A referral on its way in, as the browser that writes it holds it."""

    id: int
    ref: str
    told: Told
    started_at: datetime
    sent_at: datetime | None


class Flooded(Exception):
    """Too much from one network or to one address: the person is told to telephone instead."""
