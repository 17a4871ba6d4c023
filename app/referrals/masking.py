"""Lists of referrals leave out what the person signed in may not see. What that is, is known on
the floor of meetings, which hands it in through the factory (H2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

from flask import current_app

Row = TypeVar("Row")
WORDS = "Restricted"


def masked(rows: Iterable[Row], **instead: Any) -> list[Row]:
    """The rows (dataclasses with a `ref`), those of hidden cases with these values instead;
    one that depends on the row is a function of it."""
    return cast("list[Row]", current_app.extensions["masked"](rows, **instead))


def hidden_children() -> frozenset[int]:
    """The numbers of the children of hidden cases: elsewhere they show name and birth alone."""
    return cast("frozenset[int]", current_app.extensions["hidden_children"]())
