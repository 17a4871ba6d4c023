"""What lists leave out of cases that the person signed in may not see: everything but the
reference (H2). Handed to the rooms below by the factory, which do not know meetings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, TypeVar

from flask import g
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading
from app.meetings.restricted import queries, service
from app.referrals.letters_out import sender

WORDS = "Restricted"


class _Row(Protocol):
    @property
    def ref(self) -> str: ...


Row = TypeVar("Row", bound=_Row)


def masked(
    rows: Iterable[Row], of: Callable[[Row], str] = lambda row: row.ref, **instead: Any
) -> list[Row]:
    """The rows of a list (dataclasses), those of hidden cases with these values instead.

    `of` says to which case a row belongs, where that is not its `ref`. A value that depends on the
    row is given as a function of it.
    """
    held = list(rows)
    hidden = hidden_cases() if held else frozenset[str]()
    return [_with(row, instead) if of(row) in hidden else row for row in held]


def _with(row: Row, instead: dict[str, Any]) -> Row:
    values = {name: one(row) if callable(one) else one for name, one in instead.items()}
    return dataclasses.replace(row, **values)  # type: ignore[type-var]


def hidden_cases() -> frozenset[str]:
    """The references of these cases: one statement for each request."""
    if "hidden_cases" not in g:
        g.hidden_cases = queries.hidden_from(reading(), signed_in().id, now())
    found: frozenset[str] = g.hidden_cases
    return found


def whom_to_ask(child_id: int) -> str:
    """Who may see the hidden case of a child, by name, for whoever may not; empty where none of
    the child's cases is hidden."""
    if child_id not in hidden_children():
        return ""
    if "keepers" not in g:
        g.keepers = queries.keepers_hidden_from(reading(), signed_in().id, now())
    return " or ".join(g.keepers.get(child_id, ())) or "a manager"


def ask_keepers(
    session: Session, child_refs: Collection[str], ref: str, kind: str = "referral"
) -> None:
    """Ask those who keep the hidden cases of these children whether a new referral, or discussion
    (`kind` is that of its subject), is about one of them, in the transaction that entered it."""
    subject = Subject(kind, ref)
    service.ask_keepers(session, signed_in().actor, child_refs, subject, sender(), now())


def hidden_children() -> frozenset[int]:
    """The numbers of the children of these cases: elsewhere they show name and birth alone."""
    if "hidden_children" not in g:
        g.hidden_children = queries.children_hidden_from(reading(), signed_in().id, now())
    found: frozenset[int] = g.hidden_children
    return found
