"""What lists leave out of cases that the person signed in may not see: everything but the
reference (H2). Handed to the rooms below by the factory, which do not know meetings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from flask import g

from app.accounts.signed_in import signed_in
from app.core.clock import now
from app.core.session import reading
from app.meetings.restricted import queries

WORDS = "Restricted"


class _Row(Protocol):
    @property
    def ref(self) -> str: ...


Row = TypeVar("Row", bound=_Row)


def masked(rows: Iterable[Row], **instead: Any) -> list[Row]:
    """The rows of a list (dataclasses), those of hidden cases with these values instead."""
    held = list(rows)
    hidden = _hidden() if held else frozenset[str]()
    return [
        dataclasses.replace(row, **instead) if row.ref in hidden else row  # type: ignore[type-var]
        for row in held
    ]


def _hidden() -> frozenset[str]:
    """The references of these cases: one statement for each request."""
    if "hidden_cases" not in g:
        g.hidden_cases = queries.hidden_from(reading(), signed_in().id, now())
    found: frozenset[str] = g.hidden_cases
    return found
