"""Lists of referrals leave out what the person signed in may not see. What that is, is known on
the floor of meetings, which hands it in through the factory (H2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from app.core.handed import Handed

Row = TypeVar("Row")
WORDS = "Restricted"


class Hides(Protocol):
    """What the floor of meetings knows; each is described at the function of its name below."""

    def masked(self, rows: Iterable[Any], **instead: Any) -> list[Any]: ...

    def hidden_children(self) -> frozenset[int]: ...

    def hidden_cases(self) -> frozenset[str]: ...

    def whom_to_ask(self, child_id: int) -> str: ...

    def ask_keepers(self, session: Session, child_refs: Collection[str], ref: str) -> None: ...


HIDDEN = Handed[Hides]("hidden")


def masked(rows: Iterable[Row], **instead: Any) -> list[Row]:
    """The rows (dataclasses with a `ref`), those of hidden cases with these values instead;
    one that depends on the row is a function of it."""
    found: list[Row] = HIDDEN.here().masked(rows, **instead)
    return found


def hidden_children() -> frozenset[int]:
    """The numbers of the children of hidden cases: elsewhere they show name and birth alone."""
    return HIDDEN.here().hidden_children()


def hidden_cases() -> frozenset[str]:
    """The references of the cases that the person signed in may not see."""
    return HIDDEN.here().hidden_cases()


def whom_to_ask(child_id: int) -> str:
    """Who may see the hidden case of a child, by name: the wrong-child guard leads there (A3).
    Empty where none of the child's cases is hidden."""
    return HIDDEN.here().whom_to_ask(child_id)


def ask_keepers(session: Session, child_refs: Collection[str], referral_ref: str) -> None:
    """Ask those who keep the hidden cases of these children, by mail, whether a new referral is
    about one of them. Does nothing for no children."""
    if child_refs:
        HIDDEN.here().ask_keepers(session, child_refs, referral_ref)
