"""Whole numbers from addresses and forms, no larger than a column holds.

PostgreSQL refuses a number beyond its column with a fault; here such a number leads nowhere, like
any other that is not in use.
"""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1


class WholeNumber(IntegerConverter):
    """`<int:...>` in an address: 404 beyond what a column holds."""

    def __init__(self, map: Map, max: int = LARGEST) -> None:
        super().__init__(map, max=min(max, LARGEST))


def init_numbers(app: Flask) -> None:
    """Every route's `<int:...>` is bounded, without asking for it."""
    app.url_map.converters["int"] = WholeNumber


def whole(typed: str | None) -> int:
    """The number typed, for `request.args.get(..., type=whole)`.

    Raises ValueError for anything else, and beyond what a column holds.
    """
    number = whole_or_none(typed)
    if number is None:
        raise ValueError("not a whole number that is in use")
    return number


def whole_or_none(typed: str | None) -> int | None:
    """The number typed, or None where it is none or larger than a column holds."""
    if not typed or not typed.isdecimal() or len(typed) > 10:
        return None
    number = int(typed)
    return number if number <= LARGEST else None
